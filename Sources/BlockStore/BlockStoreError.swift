// Every way the block store refuses or fails.

package import CloudTypes

package enum BlockStoreError: Error, Equatable, Sendable {
    /// A folder that is no block store; why.
    case notAStore(path: String, reason: String)
    /// Made by a later version of Apus: its format's number.
    case newerFormat(Int)
    /// Another process has it open; its process id where that is known.
    case alreadyInUse(pid: Int32?)

    case noSuchSnapshot(SnapshotID)
    case snapshotExists(SnapshotID)
    case noSuchDraft(SnapshotID)
    /// The key is not the one that the snapshot was made with, or one is missing, or one is too many.
    case wrongKey(SnapshotID)
    /// The caller cannot come by the key; why.
    case keyUnavailable(SnapshotID, reason: String)

    /// Not 524,288 bytes.
    case notABlock(byteCount: Int)
    /// Beyond the end of the volume.
    case indexOutOfRange(Int, blockCount: Int)
    case checksumMismatch(index: Int)
    /// Sizes are 1 byte to 64 TiB.
    case sizeOutOfRange(Int)

    /// What is stored is not what was put: where it lies, and what is wrong.
    case corruptBlock(BlockID, place: String)
    /// A snapshot names a block that is not stored.
    case missingBlock(BlockID)
    case corruptManifest(SnapshotID, reason: String)
    /// A file to import that is damaged or none of ours.
    case unreadableFile(path: String, reason: String)

    /// No space left. Nothing of the failed call is kept.
    case full
    /// A system call failed.
    case failed(call: String, errno: Int32)
    /// The disk failed to sync what was written. The store takes nothing more until it is opened again.
    case stopped(errno: Int32)
}
