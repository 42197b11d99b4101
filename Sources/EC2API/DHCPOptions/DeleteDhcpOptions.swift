import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteDhcpOptions`: only when no VPC uses it.
enum DeleteDhcpOptions: RecordAction {
    typealias Operation = EC2.Operation.DeleteDhcpOptions

    static func perform(
        _ input: EC2.DeleteDhcpOptionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.deleteDHCPOptions(try Lookup.id(input.dhcpOptionsID))
        return Operation.Output()
    }
}
