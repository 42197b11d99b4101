// Snapshots by their blocks, as the EBS direct APIs read and write them. Every verb is safe to repeat.

package import CloudTypes

/// One block of a snapshot that is not zeros.
package struct SnapshotBlock: Sendable, Equatable {
    /// Its offset in the volume is `index` × 524,288.
    package var index: Int
    package init(index: Int) { self.index = index }
}

/// A block that is another in a second snapshot.
package struct ChangedSnapshotBlock: Sendable, Equatable {
    package var index: Int
    /// Whether each has it; where not, it is zeros there.
    package var isInFirst: Bool
    package var isInSecond: Bool
    package init(index: Int, isInFirst: Bool, isInSecond: Bool) {
        (self.index, self.isInFirst, self.isInSecond) = (index, isInFirst, isInSecond)
    }
}

/// What was put into a snapshot that was begun.
package struct PutBlocks: Sendable, Equatable {
    /// Indexes at which a block was put, zeros included.
    package var count: Int
    /// SHA-256 over the checksums, of 32 bytes each, of the blocks that were put, in ascending order of their indexes.
    package var checksum: [UInt8]
    package init(count: Int, checksum: [UInt8]) { (self.count, self.checksum) = (count, checksum) }
}

/// A node that keeps snapshots as blocks of 524,288 bytes.
package protocol SnapshotBlockNode: Sendable {
    /// Begins a snapshot that is put together block by block; one that was begun is left as it is.
    ///
    /// - Parameter parent: sealed with the same key; it has the parent's blocks where none are put.
    func beginSnapshot(
        _ snapshot: SnapshotBytes, sizeGiB: Int, parent: SnapshotID?
    ) async throws(NodeError)
    /// Puts a block of a snapshot that was begun; durable on return. A later put of an index replaces an earlier one.
    func putBlock(_ bytes: [UInt8], at index: Int, of snapshot: SnapshotBytes) async throws(NodeError)
    /// What was put so far of a snapshot that was begun and is not whole.
    func putBlocks(of snapshot: SnapshotBytes) async throws(NodeError) -> PutBlocks
    /// Makes the snapshot whole; returns once it is durable. One that is whole is left as it is.
    func completeSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) -> StoredSnapshot
    /// The bytes of a whole snapshot's block, 524,288 of them; zeros where none was put.
    func block(at index: Int, of snapshot: SnapshotBytes) async throws(NodeError) -> [UInt8]
    /// At most `limit` blocks that are not zeros, in ascending order from an index on.
    func blocks(
        of snapshot: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [SnapshotBlock]
    /// At most `limit` blocks that differ between two whole snapshots, in ascending order from an index on.
    func changedBlocks(
        from first: SnapshotBytes, to second: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [ChangedSnapshotBlock]
}
