import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateDefaultSubnet`: a zone's default subnet again, after it was deleted.
enum CreateDefaultSubnet: RecordAction {
    typealias Operation = EC2.Operation.CreateDefaultSubnet

    static func perform(
        _ input: EC2.CreateDefaultSubnetRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateDefaultSubnetResult {
        try UnservedMembers.refuse(["Ipv6Native": input.ipv6Native == true], because: UnservedMembers.noIPv6)
        let zone = try ZoneChoice.zone(
            name: input.availabilityZone, id: input.availabilityZoneID, in: transaction.settings)
        guard let zone else { throw .missingParameter("AvailabilityZone") }
        let subnet = try transaction.createDefaultSubnet(inZone: zone)
        return EC2.CreateDefaultSubnetResult(subnet: EC2.Subnet(subnet, in: transaction))
    }
}
