import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AttachNetworkInterface`: to a stopped instance.
enum AttachNetworkInterface: RecordAction {
    typealias Operation = EC2.Operation.AttachNetworkInterface

    static func perform(
        _ input: EC2.AttachNetworkInterfaceRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.AttachNetworkInterfaceResult {
        try UnservedMembers.refuse(
            [
                "NetworkCardIndex": (input.networkCardIndex ?? 0) > 0,
                "EnaSrdSpecification": input.enaSrdSpecification?.isWanted == true,
                "EnaQueueCount": input.enaQueueCount != nil,
            ], because: "its interfaces have no such setting.")
        let interface: NetworkInterfaceID = try Lookup.id(input.networkInterfaceID)
        let attachment = try transaction.plug(
            interface, into: try Lookup.id(input.instanceID), deviceIndex: input.deviceIndex)
        return EC2.AttachNetworkInterfaceResult(attachmentID: attachment.description, networkCardIndex: 0)
    }
}
