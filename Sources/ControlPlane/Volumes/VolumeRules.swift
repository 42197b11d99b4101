// Volumes: how they are made and deleted.
// Source: EC2 API Reference, "CreateVolume", "DeleteVolume".

package import CloudTypes

extension Transaction {
    /// Accepts a new volume; its bytes come afterwards.
    ///
    /// - Parameters:
    ///   - sizeGiB: nil: the snapshot's size.
    ///   - tags: as checked before.
    /// - Throws: `MissingParameter`, `InvalidSnapshot.NotFound`, `IncorrectState`, `InvalidParameterValue`,
    ///   `InvalidParameterCombination`, `InvalidParameterDependency`, `InvalidKMSKey.InvalidState`,
    ///   `VolumeLimitExceeded`, `MaxIOPSLimitExceeded`.
    package mutating func createVolume(_ order: VolumeOrder) throws(EC2Error) -> VolumeRecord {
        let snapshot = try order.snapshot.map { (id) throws(EC2Error) in try usableSnapshot(id) }
        guard let sizeGiB = order.sizeGiB ?? snapshot?.sizeGiB else {
            throw .missingParameter("size/snapshot")
        }
        if let snapshot, sizeGiB < snapshot.sizeGiB {
            throw .invalidParameterValue(
                "Volume of \(sizeGiB)GiB is smaller than snapshot '\(snapshot.id)', expect size >= \(snapshot.sizeGiB)GiB"
            )
        }
        let figures = try VolumeFigures(
            volumeType: order.volumeType, sizeGiB: sizeGiB, iops: order.iops, throughput: order.throughput
        ).checked()
        try checkQuota(for: figures)
        var volume = VolumeRecord(
            id: newID(), account: account, availabilityZone: order.zone, sizeGiB: figures.sizeGiB,
            volumeType: figures.volumeType, snapshot: snapshot?.id, createdAt: now)
        (volume.iops, volume.throughput, volume.tags) = (figures.iops, figures.throughput, order.tags)
        volume.keyID = try keyID(forVolumeOf: snapshot, order.encryption)
        volume.multiAttach = try MultiAttach.checked(order.multiAttach, volumeType: figures.volumeType)
        volume.begin(with: snapshot, at: order.initializationRate)
        restoreFast(&volume, from: snapshot)
        put(volume)
        return volume
    }

    /// Accepts that the volume goes; its record goes with its bytes.
    ///
    /// - Throws: `InvalidVolume.NotFound`, `VolumeInUse`, `IncorrectState`.
    package mutating func deleteVolume(_ id: VolumeID) throws(EC2Error) {
        let volume: VolumeRecord = try owned(id)
        if let attachment = volume.attachments.first {
            throw EC2Error("VolumeInUse", "Volume \(id) is currently attached to \(attachment.instance)")
        }
        switch volume.state {
        case .available, .error: update(id) { (volume: inout VolumeRecord) in volume.state = .deleting }
        case .creating, .inUse:
            throw EC2Error("IncorrectState", "The volume '\(id)' is '\(volume.state.rawValue)'")
        case .deleting: throw .notFound(id)
        }
    }
}

extension VolumeRecord {
    /// The volume is to have the snapshot's bytes. An operator's disk is there as a whole and needs no filling.
    mutating func begin(with snapshot: SnapshotRecord?, at rate: Int? = nil) {
        guard let snapshot, snapshot.origin != nil else { return }
        (isFilled, initializationRate) = (false, rate)
    }
}

/// What a new volume should be, every text parsed.
package struct VolumeOrder: Sendable {
    package var zone: String
    package var sizeGiB: Int?
    package var snapshot: SnapshotID?
    package var volumeType = "gp2"
    package var iops: Int?
    package var throughput: Int?
    package var encryption = EncryptionWish()
    /// nil: as it is by default, which is not.
    package var multiAttach: Bool?
    package var tags: [String: String] = [:]
    /// MiB/s, 100 to 300.
    package var initializationRate: Int?
    package init(zone: String) { self.zone = zone }
}
