// Copies of volumes: made of one moment of their source, which they hold alone until they have read it.
// A copy is there as soon as the moment is held, and reads of it what it has not yet.
// Source: EC2 API Reference, "CopyVolumes"; EBS User Guide, "Copy an Amazon EBS volume".

package import CloudTypes

/// What a copy of a volume should be, every text parsed.
package struct VolumeCopyOrder: Sendable {
    package var source: VolumeID
    /// nil: the source's.
    package var sizeGiB: Int?
    package var volumeType = "gp2"
    package var iops: Int?
    package var throughput: Int?
    package var multiAttach: Bool?
    package var tags: [String: String] = [:]
    package init(source: VolumeID) { self.source = source }
}

extension Transaction {
    /// Accepts a copy, in the same zone, of the volume as it is now; its bytes come afterwards. It has the source's key; one of
    /// a volume in the clear is encrypted where that is the account's default.
    ///
    /// - Throws: `InvalidVolume.NotFound`, `IncorrectState`, `IncorrectModificationState`, `InvalidParameterValue`,
    ///   `InvalidParameterCombination`, `MissingParameter`, `ConcurrentCopyVolumeLimitExceeded`,
    ///   `CopyVolumesLimitExceeded`, `VolumeLimitExceeded`, `MaxIOPSLimitExceeded`.
    package mutating func copyVolume(_ order: VolumeCopyOrder) throws(EC2Error) -> VolumeRecord {
        let source: VolumeRecord = try owned(order.source)
        try checkCopyable(source)
        let sizeGiB = order.sizeGiB ?? source.sizeGiB
        guard sizeGiB >= source.sizeGiB else {
            throw .invalidParameterValue(
                "Volume of \(sizeGiB)GiB is smaller than volume '\(source.id)', expect size >= \(source.sizeGiB)GiB")
        }
        let figures = try VolumeFigures(
            volumeType: order.volumeType, sizeGiB: sizeGiB, iops: order.iops, throughput: order.throughput
        ).checked()
        try checkQuota(for: figures)
        var moment = SnapshotRecord(
            id: newID(), account: account, sizeGiB: source.sizeGiB, description: "", startedAt: now)
        (moment.volume, moment.origin, moment.state) = (source.id, .volume, .pending)
        (moment.isMomentHeld, moment.keyID) = (false, source.keyID)
        var volume = VolumeRecord(
            id: newID(), account: account, availabilityZone: source.availabilityZone, sizeGiB: figures.sizeGiB,
            volumeType: figures.volumeType, snapshot: moment.id, createdAt: now)
        (volume.iops, volume.throughput, volume.tags) = (figures.iops, figures.throughput, order.tags)
        volume.keyID = try keyID(forVolumeOf: moment, EncryptionWish())
        volume.multiAttach = try MultiAttach.checked(order.multiAttach, volumeType: figures.volumeType)
        (volume.source, volume.isFilled) = (source.id, false)
        moment.copy = volume.id
        put(moment)
        put(volume)
        return volume
    }

    private func checkCopyable(_ source: VolumeRecord) throws(EC2Error) {
        try checkUsable(source)
        guard source.source == nil || !source.needsSnapshot else {
            throw EC2Error(
                "IncorrectState", "The volume '\(source.id)' is a copy that is still being initialized.")
        }
        if let last = source.modification, last.state == .modifying {
            throw EC2Error(
                "IncorrectModificationState",
                "Cannot copy volume \(source.id) while its last modification is '\(last.state.rawValue)'.")
        }
        let underWay = state.volumes.all(of: account).filter { $0.source != nil && $0.needsSnapshot }
        guard !underWay.contains(where: { $0.source == source.id }) else {
            throw EC2Error(
                "ConcurrentCopyVolumeLimitExceeded",
                "A copy of the volume '\(source.id)' is still being initialized, and one is made at a time.")
        }
        guard underWay.count < settings.quotas.volumeCopies else {
            throw EC2Error(
                "CopyVolumesLimitExceeded",
                "This account may have \(settings.quotas.volumeCopies) volume copies that are being initialized.")
        }
    }

    /// The volume has all its bytes.
    mutating func noteFilled(_ id: VolumeID) {
        update(id) { (volume: inout VolumeRecord) in volume.isFilled = true }
        releaseMoment(of: id)
    }

    /// The moment of its source was lost before it was read. Whoever has the copy keeps what was written to it;
    /// anything else is an error to read, and it is of no use once it is let go of.
    mutating func abandonCopy(_ id: VolumeID) {
        update(id) { (volume: inout VolumeRecord) in
            (volume.isFilled, volume.isLost) = (nil, true)
            switch volume.state {
            case .creating, .available: volume.state = .error
            case .inUse, .deleting, .error: break
            }
        }
        releaseMoment(of: id)
    }

    /// What its own snapshots still read of another is kept for their sake.
    mutating func removeVolume(_ id: VolumeID) {
        if let volume = state.volumes[id], volume.needsSnapshot, let read = volume.snapshot {
            for snapshot in state.snapshots.all(where: IndexKey(.volume, id)) where snapshot.isStoring {
                update(snapshot.id) { (snapshot: inout SnapshotRecord) in snapshot.reads = read }
            }
        }
        releaseMoment(of: id)
        delete(id, VolumeRecord.self)
    }

    /// A copy needs the moment of its source no more.
    private mutating func releaseMoment(of id: VolumeID) {
        guard let volume = state.volumes[id], volume.source != nil, let moment = volume.snapshot else { return }
        discardSnapshot(moment)
        update(id) { (volume: inout VolumeRecord) in volume.snapshot = nil }
    }
}

extension VolumeRecord {
    /// The moment of which it is to be a copy, as long as its bytes are there alone.
    fileprivate var unreadMoment: SnapshotID? { source != nil && needsSnapshot ? snapshot : nil }
}

// What serves a copy reads of the guest that has the source. A guest whose disks wait for another, which waits for the
// first, would never go on: so no guest is at both ends.
extension CloudState {
    /// Whether a copy of one of the instance's volumes is still read of its guest.
    func isReadByCopies(_ instance: InstanceID) -> Bool {
        volumes.all(where: IndexKey(.instance, instance)).contains { isReadByCopy($0) }
    }

    /// Whether one of the instance's volumes is a copy whose moment is not stored yet.
    func readsMoments(_ instance: InstanceID) -> Bool {
        volumes.all(where: IndexKey(.instance, instance)).contains { isMomentUnstored(of: $0) }
    }

    func isReadByCopy(_ volume: VolumeRecord) -> Bool {
        snapshots.all(where: IndexKey(.volume, volume.id)).contains { $0.copy != nil && $0.isStoring }
    }

    func isMomentUnstored(of volume: VolumeRecord) -> Bool {
        volume.unreadMoment.flatMap { snapshots[$0] }?.state == .pending
    }

    /// Whether the guest would be at both ends once it has the volume.
    func closesCircle(_ volume: VolumeRecord, in instance: InstanceID) -> Bool {
        isMomentUnstored(of: volume) && isReadByCopies(instance) || isReadByCopy(volume) && readsMoments(instance)
    }

    /// Moments of the volume that copies of it wait for.
    func momentsOfCopies(of id: VolumeID) -> [SnapshotID] {
        snapshots.all(where: IndexKey(.volume, id)).filter { $0.copy != nil && $0.isMomentHeld == false }.map(\.id)
    }
}
