import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DisassociateInstanceEventWindow`: what was associated, and nothing else.
enum DisassociateInstanceEventWindow: RecordAction {
    typealias Operation = EC2.Operation.DisassociateInstanceEventWindow

    static func perform(
        _ input: EC2.DisassociateInstanceEventWindowRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DisassociateInstanceEventWindowResult {
        let id: EventWindowID = try Lookup.id(input.instanceEventWindowID)
        let target = input.associationTarget
        let window = try transaction.disassociate(
            EventWindowText.targets(
                instances: target.instanceIDs, tags: target.instanceTags, hosts: target.dedicatedHostIDs), from: id)
        return EC2.DisassociateInstanceEventWindowResult(instanceEventWindow: EC2.InstanceEventWindow(window))
    }
}
