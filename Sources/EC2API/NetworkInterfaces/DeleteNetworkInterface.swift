import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteNetworkInterface`: one that is attached to nothing.
enum DeleteNetworkInterface: RecordAction {
    typealias Operation = EC2.Operation.DeleteNetworkInterface

    static func perform(
        _ input: EC2.DeleteNetworkInterfaceRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let interface: NetworkInterfaceRecord = try transaction.owned(try Lookup.id(input.networkInterfaceID))
        guard interface.attachment == nil else {
            throw .invalidParameterValue("Network interface '\(interface.id)' is currently in use.")
        }
        transaction.deleteInterface(interface.id)
        return Operation.Output()
    }
}
