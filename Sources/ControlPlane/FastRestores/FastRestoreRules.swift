// Fast snapshot restore: who may have it, and which volumes are made by it.
// Source: EC2 API Reference, "EnableFastSnapshotRestores", "DisableFastSnapshotRestores"; EBS User Guide,
// "Amazon EBS fast snapshot restore".

package import CloudTypes

extension Transaction {
    /// GiB; larger snapshots cannot have it.
    private static let largestFastRestore = 16_384
    /// Seconds that one which ended can still be described.
    private static let disabledFastRestoreLife = 3_600.0

    /// - Throws: `InvalidSnapshot.NotFound`, `IncorrectState`, `InvalidParameterValue` for a snapshot that is too large,
    ///   `ResourceLimitExceeded`.
    package mutating func enableFastRestore(_ id: SnapshotID, in zone: String) throws(EC2Error) -> FastRestoreRecord {
        guard let snapshot = state.snapshots[id], snapshot.isVisible(to: account, in: state) else {
            throw .notFound(id)
        }
        guard snapshot.state != .error else {
            throw EC2Error("IncorrectState", "Snapshot \(id) is in state \(snapshot.state.rawValue)")
        }
        guard snapshot.sizeGiB <= Transaction.largestFastRestore else {
            throw .invalidParameterValue(
                "The snapshot '\(id)' is larger than 16 TiB, the most for fast snapshot restore.")
        }
        let key = FastRestoreRecord.id(id, in: zone, for: account)
        if let found = state.fastRestores[key], found.state.isWanted { return found }
        let quota = settings.quotas.fastRestoredSnapshots
        let snapshots = Set(state.fastRestores.all(of: account).filter(\.state.isWanted).map(\.snapshot)).union([id])
        guard snapshots.count <= quota else {
            throw EC2Error(
                "ResourceLimitExceeded",
                "Fast snapshot restore limit exceeded: this account may have it enabled for \(quota) snapshots.")
        }
        let record = FastRestoreRecord(id, in: zone, for: account, at: now)
        put(record)
        return record
    }

    /// - Throws: `InvalidSnapshot.NotFound`; `IncorrectState` where it is not enabled.
    package mutating func disableFastRestore(_ id: SnapshotID, in zone: String) throws(EC2Error) -> FastRestoreRecord {
        let key = FastRestoreRecord.id(id, in: zone, for: account)
        guard var record = state.fastRestores[key], record.state != .disabled else {
            guard state.snapshots[id]?.isVisible(to: account, in: state) == true else { throw .notFound(id) }
            throw EC2Error(
                "IncorrectState", "Fast snapshot restore is not enabled for the snapshot '\(id)' in '\(zone)'.")
        }
        if record.state.isWanted {
            record.enter(.disabling, at: now)
            put(record)
        }
        return record
    }

    /// In every zone and account: a snapshot that comes back from the bin comes without.
    mutating func endFastRestores(of id: SnapshotID) {
        for var record in state.fastRestores.all(where: IndexKey(.snapshot, id)) where record.state.isWanted {
            record.enter(.disabling, at: now)
            put(record)
        }
    }

    /// Makes the volume whole from the start where its snapshot is ready for that in its zone and a credit is there. One
    /// that is to be filled at a rate of its own is.
    mutating func restoreFast(_ volume: inout VolumeRecord, from snapshot: SnapshotRecord?) {
        guard let snapshot, volume.initializationRate == nil else { return }
        let key = FastRestoreRecord.id(snapshot.id, in: volume.availabilityZone, for: account)
        guard var record = state.fastRestores[key], record.state == .enabled,
            record.credits.take(sizeGiB: snapshot.sizeGiB, at: now)
        else { return }
        put(record)
        volume.isFastRestored = true
    }

    mutating func forgetDisabledFastRestores() {
        let last = now.adding(seconds: -Transaction.disabledFastRestoreLife)
        for record in state.fastRestores.all where record.state == .disabled {
            if record.time(of: .disabled).map({ $0 <= last }) ?? true { delete(record.id, FastRestoreRecord.self) }
        }
    }
}

extension CloudState {
    /// Whether volumes of the snapshot are kept ready anywhere, or were and the node is not told otherwise yet.
    func isKeptReady(_ id: SnapshotID) -> Bool {
        fastRestores.all(where: IndexKey(.snapshot, id)).contains { record in
            switch record.state {
            case .optimizing, .enabled, .disabling: true
            case .enabling, .disabled: false
            }
        }
    }
}
