import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateReplaceRootVolumeTask`: another root for an instance that runs, which is booted anew for it.
enum CreateReplaceRootVolumeTask: RecordAction {
    typealias Operation = EC2.Operation.CreateReplaceRootVolumeTask

    static func perform(
        _ input: EC2.CreateReplaceRootVolumeTaskRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateReplaceRootVolumeTaskResult {
        var order = RootTaskOrder(instance: try Lookup.id(input.instanceID), source: try source(input))
        order.deletesReplaced = input.deleteReplacedRootVolume == true
        if let rate = input.volumeInitializationRate {
            guard (100...300).contains(rate) else {
                throw .invalidParameterValue(
                    name: "VolumeInitializationRate", value: "\(rate)", reason: "It must be from 100 to 300 MiB/s.")
            }
            order.initializationRate = rate
        }
        order.tags = try TagSpecifications.tags(
            input.tagSpecifications, for: RootTaskRecord.resourceType, in: transaction)
        let task = try transaction.replaceRoot(order)
        return EC2.CreateReplaceRootVolumeTaskResult(replaceRootVolumeTask: EC2.ReplaceRootVolumeTask(task))
    }

    private static func source(
        _ input: EC2.CreateReplaceRootVolumeTaskRequest
    ) throws(EC2Error) -> RootTaskOrder.Source {
        guard input.snapshotID == nil || input.imageID == nil else {
            throw .invalidParameterCombination("The parameters SnapshotId and ImageId cannot be used together.")
        }
        if let snapshot = input.snapshotID { return .snapshot(try Lookup.id(snapshot)) }
        if let image = input.imageID { return .image(try Lookup.id(image)) }
        return .launchState
    }
}

extension EC2.ReplaceRootVolumeTask {
    init(_ task: RootTaskRecord) {
        self.init(
            replaceRootVolumeTaskID: task.id.description, instanceID: task.instance.description,
            taskState: EC2.ReplaceRootVolumeTaskState(rawValue: task.state.rawValue),
            startTime: task.startedAt.description, completeTime: task.completedAt?.description,
            tags: EC2.Tag.list(task.tags), imageID: task.image?.description, snapshotID: task.snapshot.description,
            deleteReplacedRootVolume: task.deletesReplaced)
    }
}
