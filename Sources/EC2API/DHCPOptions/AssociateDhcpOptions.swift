import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AssociateDhcpOptions`: `default` stands for no options at all.
enum AssociateDhcpOptions: RecordAction {
    typealias Operation = EC2.Operation.AssociateDhcpOptions

    static func perform(
        _ input: EC2.AssociateDhcpOptionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let options: DHCPOptionsID? = input.dhcpOptionsID == "default" ? nil : try Lookup.id(input.dhcpOptionsID)
        try transaction.useDHCPOptions(options, in: try Lookup.id(input.vpcID))
        return Operation.Output()
    }
}
