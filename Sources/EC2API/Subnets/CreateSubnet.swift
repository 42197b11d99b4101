import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateSubnet`
enum CreateSubnet: RecordAction {
    typealias Operation = EC2.Operation.CreateSubnet

    static func perform(
        _ input: EC2.CreateSubnetRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateSubnetResult {
        try refuseUnserved(input)
        let vpc: VPCRecord = try transaction.owned(try Lookup.id(input.vpcID))
        let cidr = try CIDRText.block(input.cidrBlock, named: "cidrBlock")
        let zone = try ZoneChoice.zone(
            name: input.availabilityZone, id: input.availabilityZoneID, in: transaction.settings)
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "subnet", in: transaction)
        let subnet = try transaction.createSubnet(in: vpc, cidr: cidr, zone: zone, tags: tags)
        return EC2.CreateSubnetResult(subnet: EC2.Subnet(subnet, in: transaction))
    }

    private static func refuseUnserved(_ input: EC2.CreateSubnetRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            [
                "Ipv6CidrBlock": input.ipv6CIDRBlock != nil, "Ipv6Native": input.ipv6Native == true,
                "Ipv6IpamPoolId": input.ipv6IPAMPoolID != nil, "Ipv6NetmaskLength": input.ipv6NetmaskLength != nil,
            ], because: UnservedMembers.noIPv6)
        try UnservedMembers.refuse(
            ["Ipv4IpamPoolId": input.ipv4IPAMPoolID != nil, "Ipv4NetmaskLength": input.ipv4NetmaskLength != nil],
            because: UnservedMembers.noIPAM)
        try UnservedMembers.refuse(["OutpostArn": input.outpostARN != nil], because: UnservedMembers.noOutposts)
    }
}
