// Locks that keep a snapshot from being deleted until they expire.
// Source: EC2 API Reference, "LockSnapshot", "UnlockSnapshot"; EBS User Guide, "Amazon EBS snapshot lock".

package import CloudTypes

package struct SnapshotLock: Sendable, Codable, Equatable {
    package enum Mode: String, Sendable, Codable { case governance, compliance }
    package enum State: Sendable, Equatable { case governance, coolingOff, compliance, expired }

    package var mode: Mode
    package var createdAt: Timestamp
    package var expiresAt: Timestamp
    /// Days; nil: the caller named the moment.
    package var durationDays: Int?
    /// Hours, 1 to 72, in which a compliance lock can still be changed; nil: none.
    package var coolOffHours: Int?

    package var coolOffEndsAt: Timestamp? { coolOffHours.map { createdAt.adding(seconds: Double($0) * 3_600) } }

    package func state(at now: Timestamp) -> State {
        if expiresAt <= now { return .expired }
        switch mode {
        case .governance: return .governance
        case .compliance: return coolOffEndsAt.map { now < $0 } == true ? .coolingOff : .compliance
        }
    }
}

/// What a caller wants of a lock.
package struct SnapshotLockOrder: Sendable {
    package var mode: SnapshotLock.Mode
    package var coolOffHours: Int?
    package var durationDays: Int?
    package var expiresAt: Timestamp?
    package init(mode: SnapshotLock.Mode) { self.mode = mode }
}

extension Transaction {
    /// Locks the snapshot, or changes its lock. One in compliance mode can only be made longer once it has cooled off.
    ///
    /// - Throws: `InvalidSnapshot.NotFound`, `InvalidParameterCombination`, `InvalidParameterValue`,
    ///   `MissingParameter`, `SnapshotLocked`.
    package mutating func lock(_ id: SnapshotID, _ order: SnapshotLockOrder) throws(EC2Error) -> SnapshotLock {
        var snapshot = try ownSnapshot(id)
        let expiresAt = try expiry(of: order)
        if order.coolOffHours != nil, order.mode == .governance {
            throw .invalidParameterCombination("CoolOffPeriod can be used only with the lock mode 'compliance'.")
        }
        var lock = SnapshotLock(
            mode: order.mode, createdAt: now, expiresAt: expiresAt, durationDays: order.durationDays,
            coolOffHours: order.coolOffHours)
        if let old = snapshot.lock, old.state(at: now) == .compliance {
            guard order.mode == .compliance, order.coolOffHours == nil, expiresAt >= old.expiresAt else {
                throw EC2Error(
                    "SnapshotLocked",
                    "The snapshot '\(id)' is locked in compliance mode: its lock can only be extended.")
            }
            (lock.createdAt, lock.coolOffHours) = (old.createdAt, old.coolOffHours)
        }
        snapshot.lock = lock
        put(snapshot)
        return lock
    }

    /// - Throws: `InvalidSnapshot.NotFound`, `SnapshotLocked` in compliance mode, `InvalidParameterValue` where there is
    ///   no lock.
    package mutating func unlock(_ id: SnapshotID) throws(EC2Error) {
        var snapshot = try ownSnapshot(id)
        switch snapshot.lock?.state(at: now) {
        case nil: throw .invalidParameterValue("The snapshot '\(id)' is not locked.")
        case .compliance:
            throw EC2Error("SnapshotLocked", "The snapshot '\(id)' is locked in compliance mode.")
        case .governance, .coolingOff, .expired: snapshot.lock = nil
        }
        put(snapshot)
    }

    /// - Throws: `SnapshotLocked`.
    func checkUnlocked(_ snapshot: SnapshotRecord) throws(EC2Error) {
        guard let lock = snapshot.lock, lock.state(at: now) != .expired else { return }
        throw EC2Error(
            "SnapshotLocked",
            "The snapshot '\(snapshot.id)' is locked in \(lock.mode.rawValue) mode until "
                + "\(lock.expiresAt).")
    }

    private func expiry(of order: SnapshotLockOrder) throws(EC2Error) -> Timestamp {
        switch (order.durationDays, order.expiresAt) {
        case (nil, nil): throw .missingParameter("LockDuration or ExpirationDate")
        case (.some, .some):
            throw .invalidParameterCombination("Only one of LockDuration and ExpirationDate can be used.")
        case (let days?, nil): return now.adding(seconds: Double(days) * 86_400)
        case (nil, let moment?):
            guard moment >= now.adding(seconds: 86_400) else {
                throw .invalidParameterValue(
                    name: "ExpirationDate", value: "\(moment)", reason: "It must be at least one day in the future.")
            }
            return moment
        }
    }
}
