// Replacing the root volume of an instance that runs.
// Source: EC2 API Reference, "CreateReplaceRootVolumeTask"; EC2 User Guide, "Replace the root volume for an Amazon EC2
// instance without stopping it".

package import CloudTypes

/// What a replacement should be, every text parsed.
package struct RootTaskOrder: Sendable {
    package enum Source: Sendable {
        /// What the instance's image begins as.
        case launchState
        case snapshot(SnapshotID)
        case image(ImageID)
    }
    package var instance: InstanceID
    package var source: Source
    package var deletesReplaced = false
    /// MiB/s, 100 to 300.
    package var initializationRate: Int?
    package var tags: [String: String] = [:]
    package init(instance: InstanceID, source: Source) { (self.instance, self.source) = (instance, source) }
}

extension Transaction {
    /// Accepts the replacement; the new volume has the type, size, figures and key of the old, and is at least as large
    /// as what it begins as. Where the old is in the clear, it is encrypted as any new volume would be.
    ///
    /// - Throws: `…NotFound`, `IncorrectInstanceState`, `IncorrectState`, `InvalidParameterValue`,
    ///   `UnsupportedOperation`.
    package mutating func replaceRoot(_ order: RootTaskOrder) throws(EC2Error) -> RootTaskRecord {
        let instance: InstanceRecord = try owned(order.instance)
        guard instance.state == .running else {
            throw EC2Error("IncorrectInstanceState", "Instance '\(instance.id)' is not in the 'running' state.")
        }
        guard let image = state.images[instance.image], image.rootDeviceType == .ebs,
            let root = state.rootVolume(of: instance)
        else {
            throw .unsupported("The instance '\(instance.id)' does not have an 'ebs' root device.")
        }
        if let other = state.rootTasks.all(where: IndexKey(.instance, instance.id)).first(where: { !$0.state.isFinal })
        {
            throw EC2Error(
                "IncorrectState", "The root volume of '\(instance.id)' is being replaced already by '\(other.id)'.")
        }
        let snapshot = try snapshot(for: order.source, instance, image, root)
        var volume = VolumeRecord(
            id: newID(), account: account, availabilityZone: instance.availabilityZone,
            sizeGiB: max(root.sizeGiB, snapshot.sizeGiB), volumeType: root.volumeType, snapshot: snapshot.id,
            createdAt: now)
        (volume.iops, volume.throughput) = (root.iops, root.throughput)
        try checkQuota(for: volume.figures)
        volume.keyID = root.keyID
        if !root.isEncrypted { volume.keyID = try keyID(forVolumeOf: snapshot, EncryptionWish()) }
        volume.begin(with: snapshot, at: order.initializationRate)
        restoreFast(&volume, from: snapshot)
        var task = RootTaskRecord(
            id: newID(), account: account, instance: instance.id, volume: volume.id, snapshot: snapshot.id,
            startedAt: now)
        if case .image(let id) = order.source { task.image = id }
        (task.deletesReplaced, task.tags) = (order.deletesReplaced, order.tags)
        volume.rootTask = task.id
        put(volume)
        put(task)
        return task
    }

    private func snapshot(
        for source: RootTaskOrder.Source, _ instance: InstanceRecord, _ image: ImageRecord, _ root: VolumeRecord
    ) throws(EC2Error) -> SnapshotRecord {
        switch source {
        case .launchState: return try rootSnapshot(of: image)
        case .snapshot(let id):
            let snapshot = try usableSnapshot(id)
            guard rootLineages(of: instance, root).contains(state.lineage(of: snapshot)) else {
                throw .invalidParameterValue(
                    "The snapshot '\(id)' was not made of a root volume of the instance '\(instance.id)'.")
            }
            return snapshot
        case .image(let id):
            let other = try launchableImage(id)
            guard other.rootDeviceType == .ebs, other.architecture == image.architecture,
                other.virtualizationType == image.virtualizationType, other.platform == image.platform,
                other.usageOperation == image.usageOperation
            else {
                throw .invalidParameterValue(
                    "The image '\(id)' does not have the architecture, virtualization type, platform and billing of the "
                        + "instance '\(instance.id)'.")
            }
            return try rootSnapshot(of: other)
        }
    }

    private func rootSnapshot(of image: ImageRecord) throws(EC2Error) -> SnapshotRecord {
        let device = image.blockDevices.first { $0.deviceName == image.rootDeviceName }
        guard let id = device?.ebs?.snapshot else {
            throw .unsupported("The image '\(image.id)' has no root snapshot.")
        }
        guard let snapshot = state.snapshots[id], snapshot.isListed else { throw .notFound(id) }
        guard snapshot.state == .completed else {
            throw EC2Error("IncorrectState", "Snapshot \(id) is in state \(snapshot.state.rawValue)")
        }
        return snapshot
    }

    /// The instance's root volumes, now and before.
    private func rootLineages(of instance: InstanceRecord, _ root: VolumeRecord) -> Set<String> {
        let replaced = state.rootTasks.all(where: IndexKey(.instance, instance.id)).compactMap(\.replaced)
        return Set((replaced + [root.id]).map(\.description))
    }
}
