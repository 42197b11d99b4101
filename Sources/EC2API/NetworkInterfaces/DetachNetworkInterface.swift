import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DetachNetworkInterface`: from a stopped instance, where force changes nothing.
enum DetachNetworkInterface: RecordAction {
    typealias Operation = EC2.Operation.DetachNetworkInterface

    static func perform(
        _ input: EC2.DetachNetworkInterfaceRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.unplug(try Lookup.id(input.attachmentID))
        return Operation.Output()
    }
}
