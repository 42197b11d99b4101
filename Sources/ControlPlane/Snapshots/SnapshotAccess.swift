// Who may see a snapshot and make volumes from it.

package import CloudTypes

extension SnapshotRecord {
    /// Own, public, or shared with the account.
    package func isVisible(to account: AccountID, in state: CloudState) -> Bool {
        guard isListed else { return false }
        return self.account == account || sharedWith?.contains(account) == true || isOpenToAll(in: state)
    }

    /// Whether everybody may use it: its owner may have blocked that for all of its snapshots.
    package func isOpenToAll(in state: CloudState) -> Bool {
        isPublic && state.accounts[account]?.publicSnapshotBlock != .allSharing
    }
}

extension Transaction {
    /// The snapshot, if the caller may make volumes and copies from it.
    ///
    /// - Throws: `InvalidSnapshot.NotFound`; `IncorrectState` where it is not completed.
    package func usableSnapshot(_ id: SnapshotID) throws(EC2Error) -> SnapshotRecord {
        guard let snapshot = state.snapshots[id], snapshot.isVisible(to: account, in: state) else {
            throw .notFound(id)
        }
        guard snapshot.state == .completed else {
            throw EC2Error("IncorrectState", "Snapshot \(id) is in state \(snapshot.state.rawValue)")
        }
        return snapshot
    }

    /// The caller's own snapshot.
    ///
    /// - Throws: `InvalidSnapshot.NotFound`, also for what is deleted, in the bin, or another account's.
    package func ownSnapshot(_ id: SnapshotID) throws(EC2Error) -> SnapshotRecord {
        let snapshot: SnapshotRecord = try owned(id)
        guard snapshot.isListed else { throw .notFound(id) }
        return snapshot
    }
}

extension CloudState {
    /// `amazon` for what the operator brought in.
    package func ownerAlias(of snapshot: SnapshotRecord) -> String? { accounts[snapshot.account]?.ownerAlias }
}
