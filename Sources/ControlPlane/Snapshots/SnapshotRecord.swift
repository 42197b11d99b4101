// Snapshots as the store keeps them.

package import CloudTypes
package import NodeContract

package struct SnapshotRecord: TaggedRecord, Equatable {
    package static let kind = "snapshot"
    package static let table: TablePath<Self> = \.snapshots

    package var id: SnapshotID
    package var account: AccountID
    package var sizeGiB: Int
    package var description: String
    package var startedAt: Timestamp
    /// Whose bytes they are; nil for a disk that the operator brought in.
    package var volume: VolumeID?
    package var isPublic = false
    package var state: State = .completed
    package var tags: [String: String] = [:]
    /// Where its bytes come from; nil: they were there before the record.
    package var origin: Origin?
    /// Whether the node holds the volume's moment, or holds the bytes already.
    package var isMomentHeld: Bool?
    /// The snapshots of one instance whose moment is the same, this one among them, in the order of their ids.
    package var companions: [SnapshotID]?
    /// The volume's snapshot before this one.
    package var parent: SnapshotID?
    /// Counts the snapshots of its volume, from 1.
    package var number: Int?
    /// Percent that are stored, while it is pending.
    package var progress: Int?
    package var completedAt: Timestamp?
    /// Of its blocks that are not zeros, in bytes.
    package var fullBytes: Int?
    /// How it is put together, of one that a caller puts together.
    package var writing: BlockWriting?
    /// Within which the caller wanted a copy to be complete; nil: none was named.
    package var completionMinutes: Int?
    /// Why it is in error.
    package var stateMessage: String?
    /// The account's key that its bytes are sealed with; nil: they are in the clear.
    package var keyID: String?
    package var lock: SnapshotLock?
    /// Its time in the recycle bin, while it is there.
    package var binStay: BinStay?
    /// The volume's copy that it is made for, and that takes it along: nobody else sees it.
    package var copy: VolumeID?
    /// What its volume was still to read of when it was deleted: it is kept until this is stored.
    package var reads: SnapshotID?
    /// Accounts that may make volumes from it besides the owner.
    package var sharedWith: Set<AccountID>?

    /// Since when its present use counts; nil: nothing is metered.
    package var reading: UsageReading?

    package enum State: String, Sendable, Codable {
        case pending, completed, error
        /// In the recycle bin.
        case recoverable
        /// Deleted, and seen by nobody; its bytes are kept as long as a volume reads from them.
        case deleting
    }

    package enum Origin: Sendable, Codable, Equatable {
        case volume
        /// The same bytes as another's, which may be deleted once the copy is complete.
        case copy(of: SnapshotID)
        /// Put together block by block by a caller; whether all are there.
        case blocks(areComplete: Bool)
    }

    package init(id: SnapshotID, account: AccountID, sizeGiB: Int, description: String, startedAt: Timestamp) {
        (self.id, self.account, self.sizeGiB) = (id, account, sizeGiB)
        (self.description, self.startedAt) = (description, startedAt)
    }

    package var isEncrypted: Bool { keyID != nil }

    package var bytes: SnapshotBytes { SnapshotBytes(id, key: keyID.map { EncryptionKeyID($0) }) }

    /// Whether callers find it: what is deleted or in the bin is not there.
    package var isListed: Bool {
        guard copy == nil else { return false }
        return switch state {
        case .pending, .completed, .error: true
        case .recoverable, .deleting: false
        }
    }

    package var indexKeys: [IndexKey] {
        var keys: [IndexKey] = []
        if let volume, origin == .volume { keys.append(IndexKey(.volume, volume)) }
        if state == .pending {
            if case .copy(let source) = origin { keys.append(IndexKey(.snapshot, source)) }
            if let reads { keys.append(IndexKey(.snapshot, reads)) }
        }
        return keys
    }
}
