// Snapshots: how they are made and deleted.
// Source: EC2 API Reference, "CreateSnapshot", "CreateSnapshots", "DeleteSnapshot".

package import CloudTypes

/// What a new snapshot should be, every text parsed.
package struct SnapshotOrder: Sendable {
    package var volume: VolumeID
    package var description = ""
    package var tags: [String: String] = [:]
    package init(volume: VolumeID) { self.volume = volume }
}

extension Transaction {
    /// Accepts a snapshot of the volume as it is now; its bytes come afterwards.
    ///
    /// - Throws: `InvalidVolume.NotFound`, `IncorrectState`, `ConcurrentSnapshotLimitExceeded`,
    ///   `SnapshotLimitExceeded`.
    package mutating func createSnapshot(_ order: SnapshotOrder) throws(EC2Error) -> SnapshotRecord {
        try createSnapshots([order])[0]
    }

    /// Accepts snapshots of several volumes at one moment. All are accepted, or none.
    package mutating func createSnapshots(_ orders: [SnapshotOrder]) throws(EC2Error) -> [SnapshotRecord] {
        try checkQuota(adding: orders.count)
        var snapshots: [SnapshotRecord] = []
        for order in orders {
            let volume: VolumeRecord = try owned(order.volume)
            try checkSnapshottable(volume)
            var snapshot = SnapshotRecord(
                id: newID(), account: account, sizeGiB: volume.sizeGiB, description: order.description,
                startedAt: now)
            (snapshot.volume, snapshot.origin, snapshot.state) = (volume.id, .volume, .pending)
            (snapshot.isMomentHeld, snapshot.tags, snapshot.keyID) = (false, order.tags, volume.keyID)
            snapshot.parent = volume.lastSnapshot
            snapshot.number = (volume.snapshotCount ?? 0) + 1
            snapshots.append(snapshot)
        }
        let ids = snapshots.map(\.id).sorted()
        for place in snapshots.indices {
            if ids.count > 1 { snapshots[place].companions = ids }
            put(snapshots[place])
            let id = snapshots[place].id
            update(orders[place].volume) { (volume: inout VolumeRecord) in
                volume.lastSnapshot = id
                volume.snapshotCount = (volume.snapshotCount ?? 0) + 1
            }
        }
        return snapshots
    }

    /// Takes in a snapshot of the caller's own whose bytes are stored already.
    ///
    /// - Parameter keyID: what they are sealed with; nil: nothing.
    /// - Throws: `InvalidKMSKey.InvalidState` where that is another account's key.
    package mutating func takeInSnapshot(
        _ id: SnapshotID, sizeGiB: Int, fullBytes: Int, description: String, keyID: String? = nil
    ) throws(EC2Error) -> SnapshotRecord {
        var snapshot = SnapshotRecord(
            id: id, account: account, sizeGiB: sizeGiB, description: description, startedAt: now)
        (snapshot.origin, snapshot.completedAt) = (.blocks(areComplete: true), now)
        snapshot.fullBytes = fullBytes
        snapshot.keyID = try keyID.map { (id) throws(EC2Error) in try self.keyID(.id(id)) }
        put(snapshot)
        return snapshot
    }

    /// Accepts a copy, owned by the caller, of a snapshot that the caller may use.
    ///
    /// - Throws: `InvalidSnapshot.NotFound`, `IncorrectState`, `SnapshotLimitExceeded`, `InvalidParameterDependency`,
    ///   `InvalidParameterCombination`, `InvalidKMSKey.InvalidState`.
    package mutating func copySnapshot(
        _ id: SnapshotID, description: String, tags: [String: String], encryption: EncryptionWish = EncryptionWish()
    ) throws(EC2Error) -> SnapshotRecord {
        let source = try usableSnapshot(id)
        try checkQuota(adding: 1)
        var copy = SnapshotRecord(
            id: newID(), account: account, sizeGiB: source.sizeGiB, description: description, startedAt: now)
        // AWS shows an arbitrary volume for copies, which is not to be used for anything.
        (copy.volume, copy.origin, copy.state) = (VolumeID("vol-ffffffff"), .copy(of: id), .pending)
        (copy.tags, copy.keyID) = (tags, try keyID(forCopyOf: source, encryption))
        put(copy)
        return copy
    }

    /// Takes the snapshot away, in whatever order; its blocks go when nothing else needs them.
    ///
    /// One that a retention rule matches goes to the recycle bin.
    ///
    /// - Throws: `InvalidSnapshot.NotFound`, `InvalidSnapshot.InUse` while an image uses it, `SnapshotLocked`.
    package mutating func deleteSnapshot(_ id: SnapshotID) throws(EC2Error) {
        let snapshot = try ownSnapshot(id)
        try checkUnlocked(snapshot)
        if let image = state.images.first(where: IndexKey(.snapshot, id)) {
            throw EC2Error("InvalidSnapshot.InUse", "The snapshot \(id) is currently in use by \(image.id)")
        }
        if snapshot.state == .completed, let stay = binStay(of: .snapshot, tags: snapshot.tags) {
            update(id) { (snapshot: inout SnapshotRecord) in (snapshot.state, snapshot.binStay) = (.recoverable, stay) }
            endFastRestores(of: id)
        } else {
            discardSnapshot(id)
        }
    }

    /// The snapshot is gone for callers; its bytes follow.
    mutating func discardSnapshot(_ id: SnapshotID) {
        update(id) { (snapshot: inout SnapshotRecord) in snapshot.state = .deleting }
    }

    /// - Throws: `SnapshotLimitExceeded`.
    package func checkQuota(adding count: Int) throws(EC2Error) {
        guard state.snapshots.count(where: IndexKey(.account, account)) + count <= settings.quotas.snapshots else {
            throw EC2Error(
                "SnapshotLimitExceeded",
                "Snapshot limit exceeded: this account may have \(settings.quotas.snapshots) snapshots.")
        }
    }

    /// How many snapshots of a volume may be pending at once. Source: EC2 API Reference, "Error codes".
    private static let mostPending = ["st1": 1, "sc1": 1]

    private func checkSnapshottable(_ volume: VolumeRecord) throws(EC2Error) {
        try checkUsable(volume)
        let pending = state.snapshots.all(where: IndexKey(.volume, volume.id)).filter {
            $0.state == .pending && $0.copy == nil
        }
        guard pending.count < Transaction.mostPending[volume.volumeType] ?? 5 else {
            throw EC2Error(
                "ConcurrentSnapshotLimitExceeded",
                "You have exceeded the number of concurrent snapshots that a volume of type '\(volume.volumeType)' may "
                    + "have: \(pending.count) are pending.")
        }
    }

    /// Whether the volume's bytes are there to be read.
    func checkUsable(_ volume: VolumeRecord) throws(EC2Error) {
        switch volume.state {
        case .available, .inUse: break
        case .deleting: throw .notFound(volume.id)
        case .creating, .error:
            throw EC2Error(
                "IncorrectState", "The volume '\(volume.id)' is in the '\(volume.state.rawValue)' state.")
        }
    }
}
