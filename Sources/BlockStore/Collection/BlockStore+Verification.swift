// Reads a snapshot back as a whole.

package import CloudTypes
import Crypto

/// A block that is not what was put.
package struct BadBlock: Equatable, Sendable {
    package var index: Int
    package var id: BlockID
    package var error: BlockStoreError
}

package struct Verification: Equatable, Sendable {
    package var blocks = 0
    package var badBlocks = 0
    package init(blocks: Int = 0, badBlocks: Int = 0) { (self.blocks, self.badBlocks) = (blocks, badBlocks) }
}

extension BlockStore {
    /// Reads every block and compares it with its name. What is found damaged is stored anew by the next put of it.
    ///
    /// - Parameter tell: each bad block as it is found.
    /// - Throws: `.corruptManifest` where the snapshot's rows cannot be read.
    @discardableResult
    package func verify(
        _ id: SnapshotID, key: BlockKey? = nil, tell: (BadBlock) -> Void
    ) throws(BlockStoreError) -> Verification {
        let snapshot = try snapshot(id, key: key)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Block.byteCount, alignment: 64)
        defer { buffer.deallocate() }
        var result = Verification()
        var rows = try snapshot.blocks()
        while let row = try rows.next() {
            result.blocks += 1
            do throws(BlockStoreError) {
                try packs.read(row.id, key: key, into: buffer)
                try compare(UnsafeRawBufferPointer(buffer), with: row.id, key)
            } catch {
                result.badBlocks += 1
                tell(BadBlock(index: row.index, id: row.id, error: error))
            }
        }
        return result
    }

    private func compare(_ block: UnsafeRawBufferPointer, with id: BlockID, _ key: BlockKey?) throws(BlockStoreError) {
        var hash = SHA256()
        hash.update(bufferPointer: block)
        let checksum = BlockID(hash.finalize())
        if key?.name(of: checksum) ?? checksum != id {
            packs.noteDamage(id)
            throw .corruptBlock(id, place: "its bytes")
        }
    }
}
