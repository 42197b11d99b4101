// With whom a snapshot is shared.
// Source: EC2 API Reference, "ModifySnapshotAttribute"; EBS User Guide, "Block public access for EBS snapshots".

package import CloudTypes

/// A change of who may make volumes from a snapshot.
package struct SnapshotSharing: Sendable {
    /// Whether everybody may; nil: as it is.
    package var isPublic: Bool?
    package var added: Set<AccountID> = []
    package var removed: Set<AccountID> = []
    package init() {}

    package var isEmpty: Bool { isPublic == nil && added.isEmpty && removed.isEmpty }
}

/// What an account forbids of public snapshots.
package enum PublicSnapshotBlock: String, Sendable, Codable {
    /// None becomes public, and those that are do not act as if they were.
    case allSharing
    /// None becomes public.
    case newSharing
}

extension Transaction {
    /// - Throws: `InvalidSnapshot.NotFound`; `OperationNotPermitted` where the account blocks public snapshots, for one
    ///   that is encrypted and to be public, and for one that is sealed with the AWS managed key.
    package mutating func share(_ id: SnapshotID, by change: SnapshotSharing) throws(EC2Error) {
        var snapshot = try ownSnapshot(id)
        if change.isPublic == true, !snapshot.isPublic {
            guard state.accounts[account]?.publicSnapshotBlock == nil else {
                throw EC2Error(
                    "OperationNotPermitted",
                    "You can't publicly share this snapshot because block public access for snapshots is enabled for "
                        + "this account in this Region.")
            }
            guard !snapshot.isEncrypted else {
                throw EC2Error("OperationNotPermitted", "Encrypted snapshots cannot be shared publicly")
            }
        }
        guard change.added.isEmpty || !state.hasManagedKey(snapshot) else {
            throw EC2Error("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
        }
        snapshot.isPublic = change.isPublic ?? snapshot.isPublic
        let shared = (snapshot.sharedWith ?? []).union(change.added).subtracting(change.removed)
        snapshot.sharedWith = shared.isEmpty ? nil : shared
        put(snapshot)
    }

    /// - Parameter block: nil: nothing is forbidden.
    package mutating func blockPublicSnapshots(_ block: PublicSnapshotBlock?) {
        update(account, AccountRecord.self) { $0.publicSnapshotBlock = block }
    }
}
