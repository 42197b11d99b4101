// Copies of volumes: made of one moment of their source, which they hold alone until they have read it.
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
    /// - Throws: `InvalidVolume.NotFound`, `IncorrectState`, `InvalidParameterValue`, `InvalidParameterCombination`,
    ///   `MissingParameter`, and as `createSnapshot`.
    package mutating func copyVolume(_ order: VolumeCopyOrder) throws(EC2Error) -> VolumeRecord {
        let source: VolumeRecord = try owned(order.source)
        let sizeGiB = order.sizeGiB ?? source.sizeGiB
        guard sizeGiB >= source.sizeGiB else {
            throw .invalidParameterValue(
                "Volume of \(sizeGiB)GiB is smaller than volume '\(source.id)', expect size >= \(source.sizeGiB)GiB")
        }
        let figures = try VolumeFigures(
            volumeType: order.volumeType, sizeGiB: sizeGiB, iops: order.iops, throughput: order.throughput
        ).checked()
        try checkQuota(for: figures)
        var moment = try createSnapshot(SnapshotOrder(volume: source.id))
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

    /// The volume has all its bytes.
    mutating func noteFilled(_ id: VolumeID) {
        update(id) { (volume: inout VolumeRecord) in volume.isFilled = true }
        releaseMoment(of: id)
    }

    /// The moment of its source was lost before it was read.
    mutating func abandonCopy(_ id: VolumeID) {
        update(id) { (volume: inout VolumeRecord) in
            if volume.state == .creating { (volume.state, volume.isFilled) = (.error, nil) }
        }
        releaseMoment(of: id)
    }

    mutating func removeVolume(_ id: VolumeID) {
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

extension CloudState {
    /// Moments of the volume that copies of it wait for.
    func momentsOfCopies(of id: VolumeID) -> [SnapshotID] {
        snapshots.all(where: IndexKey(.volume, id)).filter { $0.copy != nil && $0.isMomentHeld == false }.map(\.id)
    }
}
