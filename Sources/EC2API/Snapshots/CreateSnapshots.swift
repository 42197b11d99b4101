import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `CreateSnapshots`: all volumes of an instance, or some, as they are at one and the same moment.
enum CreateSnapshots: LiveAction {
    typealias Operation = EC2.Operation.CreateSnapshots

    static func rehearse(
        _ input: EC2.CreateSnapshotsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) {
        _ = try accept(input, &transaction)
    }

    static func perform(
        _ input: EC2.CreateSnapshotsRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> EC2.CreateSnapshotsResult {
        let made = try await cloud.takeSnapshots(as: caller) { transaction throws(EC2Error) in
            try accept(input, &transaction)
        }
        return EC2.CreateSnapshotsResult(snapshots: made.map { EC2.SnapshotInfo($0) })
    }

    private static func accept(
        _ input: EC2.CreateSnapshotsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> [SnapshotRecord] {
        try SnapshotPlace.check(outpost: input.outpostARN, location: input.location)
        let description = try SnapshotText.checked(input.description)
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "snapshot", in: transaction)
        let volumes = try volumes(input.instanceSpecification, in: transaction)
        var orders: [SnapshotOrder] = []
        for volume in volumes {
            var order = SnapshotOrder(volume: volume.id)
            order.description = description
            order.tags = input.copyTagsFromSource == .volume ? volume.tags.merging(tags) { $1 } : tags
            try TagRules.checkCount(order.tags, limit: transaction.settings.quotas.tagsPerResource)
            orders.append(order)
        }
        return try transaction.createSnapshots(orders)
    }

    /// - Throws: `InvalidInstanceID.NotFound`, `InvalidParameterValue` for what is not attached, `IncorrectState` for an
    ///   instance that is neither running nor stopped.
    private static func volumes(
        _ wanted: EC2.InstanceSpecification, in transaction: Transaction
    ) throws(EC2Error) -> [VolumeRecord] {
        let instance: InstanceRecord = try transaction.owned(try Lookup.id(wanted.instanceID))
        guard [.running, .stopped, .stopping, .pending].contains(instance.state) else {
            throw EC2Error(
                "IncorrectState", "The instance '\(instance.id)' is in the state '\(instance.state.rawValue)'.")
        }
        var volumes = transaction.state.volumes.all(where: IndexKey(.instance, instance.id))
        let excluded = try Lookup.ids(wanted.excludeDataVolumeIDs, VolumeKind.self)
        for id in excluded {
            guard let volume = volumes.first(where: { $0.id == id }) else {
                throw .invalidParameterValue("The volume '\(id)' is not attached to the instance '\(instance.id)'.")
            }
            guard !volume.isRoot(of: instance) else {
                throw .invalidParameterValue(
                    "The volume '\(id)' is the root volume of '\(instance.id)': use ExcludeBootVolume.")
            }
        }
        volumes.removeAll { volume in
            excluded.contains(volume.id) || (wanted.excludeBootVolume == true && volume.isRoot(of: instance))
        }
        guard !volumes.isEmpty else {
            throw .invalidParameterValue("The instance '\(instance.id)' has no volumes that are to be captured.")
        }
        return volumes
    }
}

extension VolumeRecord {
    func isRoot(of instance: InstanceRecord) -> Bool {
        attachments.contains { $0.instance == instance.id && $0.deviceName == instance.rootDeviceName }
    }
}
