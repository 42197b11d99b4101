// What nobody uses: told, and given back. What is used: told for a snapshot and for the store.

package import CloudTypes
import Synchronization

/// Blocks and the space they take, headers and padding included.
package struct BlockSum: Equatable, Sendable {
    package var blocks = 0
    package var bytes = 0
    package init(blocks: Int = 0, bytes: Int = 0) { (self.blocks, self.bytes) = (blocks, bytes) }
}

package struct SnapshotFigures: Equatable, Sendable {
    /// The blocks that are not zeros, as they are when read. Source: EC2, `FullSnapshotSizeInBytes`.
    package var full: BlockSum
    /// What would be given back if only this snapshot were deleted.
    package var alone: BlockSum
    package init(full: BlockSum, alone: BlockSum) { (self.full, self.alone) = (full, alone) }
}

extension BlockStore {
    /// Gives back the space of all blocks that no snapshot, draft or open reader has. Snapshots may be made, read and
    /// deleted meanwhile, and a crash at any moment takes nothing that is in use.
    ///
    /// - Throws: `.corruptManifest` where it cannot be known what is in use; then nothing is given back.
    @discardableResult
    package func collect() throws(BlockStoreError) -> BlockSum {
        try maintenance.withLock { (_) throws(BlockStoreError) in
            var marking = Marking(self)
            try marking.run()
            var sweep = PackSweep(packs, epoch: marking.epoch)
            try sweep.run()
            return BlockSum(blocks: sweep.freedBlocks, bytes: sweep.freedPages * RecordHeader.pageBytes)
        }
    }

    /// What `collect` would give back now.
    package func explain() throws(BlockStoreError) -> BlockSum {
        try maintenance.withLock { (_) throws(BlockStoreError) in
            var marking = Marking(self)
            try marking.run()
            let garbage = packs.index.withLock { $0.table.unmarked(marking.epoch) }
            return BlockSum(blocks: garbage.blocks, bytes: garbage.pages * RecordHeader.pageBytes)
        }
    }

    /// Everything that is stored, garbage included.
    package func total() -> BlockSum {
        packs.index.withLock { index in
            BlockSum(blocks: index.table.count, bytes: index.table.storedPages * RecordHeader.pageBytes)
        }
    }

    /// Reads the manifests of all snapshots: for who asks, not for each list of snapshots.
    package func figures(of id: SnapshotID) throws(BlockStoreError) -> SnapshotFigures {
        try maintenance.withLock { (_) throws(BlockStoreError) in
            guard catalog.withLock({ $0.snapshots.contains(id) }) else { throw .noSuchSnapshot(id) }
            let file = try ManifestFile(disk, path: layout.manifest(id), snapshot: id)
            var marking = Marking(self, excluding: id)
            try marking.run()
            let alone = try marking.mark(file)
            let count = file.header.rowCount
            return SnapshotFigures(
                full: BlockSum(blocks: count, bytes: count * Block.byteCount),
                alone: BlockSum(blocks: alone.blocks, bytes: alone.pages * RecordHeader.pageBytes))
        }
    }
}
