import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AssociateInstanceEventWindow`: instances, by their ids or by a tag.
enum AssociateInstanceEventWindow: RecordAction {
    typealias Operation = EC2.Operation.AssociateInstanceEventWindow

    static func perform(
        _ input: EC2.AssociateInstanceEventWindowRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.AssociateInstanceEventWindowResult {
        let id: EventWindowID = try Lookup.id(input.instanceEventWindowID)
        let target = input.associationTarget
        let window = try transaction.associate(
            EventWindowText.targets(
                instances: target.instanceIDs, tags: target.instanceTags, hosts: target.dedicatedHostIDs), with: id)
        return EC2.AssociateInstanceEventWindowResult(instanceEventWindow: EC2.InstanceEventWindow(window))
    }
}
