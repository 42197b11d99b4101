import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteSubnet`: only when no interface is left in it.
enum DeleteSubnet: RecordAction {
    typealias Operation = EC2.Operation.DeleteSubnet

    static func perform(
        _ input: EC2.DeleteSubnetRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.deleteSubnet(try Lookup.id(input.subnetID))
        return Operation.Output()
    }
}
