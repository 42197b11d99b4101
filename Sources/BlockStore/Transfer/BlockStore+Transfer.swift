// Snapshots out of the store and into it, as files.

import CBlockCoding
package import CloudTypes
import Crypto

extension BlockStore {
    /// Writes a snapshot into one file, which exists under its name once it is whole and durable.
    ///
    /// - Parameter path: absolute; what is there is replaced.
    package func export(_ id: SnapshotID, key: BlockKey? = nil, to path: String) throws(BlockStoreError) {
        let snapshot = try snapshot(id, key: key)
        let draft = path + ".new"
        do throws(BlockStoreError) {
            let file = try disk.open(draft, .fresh)
            var writer = ExportWriter(file)
            var header = snapshot.file.header
            header.kind = .exported
            try writer.append(header.bytes)
            var rows = try snapshot.blocks()
            while let row = try rows.next() {
                try packs.withStored(row.id) { (kind, stored) throws(BlockStoreError) in
                    let crc = apus_crc32c(0, stored.baseAddress, stored.count)
                    let block = ExportedBlock(
                        index: row.index, kind: kind, storedBytes: stored.count, crc: crc, id: row.id)
                    try writer.append(block.bytes)
                    try writer.append(stored)
                }
            }
            try writer.finish()
            try disk.rename(draft, to: path)
            try disk.sync(folder: String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        } catch {
            try? disk.remove(draft)
            throw error
        }
    }

    /// Makes a snapshot of an exported one. Nothing is left of it where the file is not whole.
    ///
    /// - Parameters:
    ///   - id: the new snapshot's, which need not be the one that was exported.
    ///   - key: that of the exported snapshot, and of the new one.
    /// - Throws: `.unreadableFile`, `.wrongKey`, `.snapshotExists`, `.full`.
    package func `import`(_ id: SnapshotID, key: BlockKey? = nil, from path: String) throws(BlockStoreError) {
        var reader = ExportReader(try disk.open(path, .existing), path: path)
        let header = try reader.header()
        guard header.keyCheck == key?.check ?? .none else { throw .wrongKey(header.snapshot) }
        let draft = try begin(id, volumeBytes: header.volumeBytes, key: key)
        do throws(BlockStoreError) {
            var count = 0
            var last = -1
            while let (block, stored) = try reader.block() {
                guard block.index > last else { throw reader.unreadable("its blocks are out of order") }
                try take(block, stored, into: draft, reader)
                count += 1
                last = block.index
            }
            guard count == header.rowCount else { throw reader.unreadable("it has \(count) blocks") }
            try draft.commit()
        } catch {
            try? draft.discard()
            throw error
        }
    }

    private func take(
        _ block: ExportedBlock, _ stored: [UInt8], into draft: SnapshotDraft, _ reader: ExportReader
    ) throws(BlockStoreError) {
        let damaged = reader.unreadable("block \(block.index) is damaged")
        guard apus_crc32c(0, stored, stored.count) == block.crc else { throw damaged }
        guard let bytes = try packs.plain(stored, block.kind, id: block.id, key: draft.key) else { throw damaged }
        let checksum = BlockID(SHA256.hash(data: bytes))
        guard draft.key?.name(of: checksum) ?? checksum == block.id else { throw damaged }
        try draft.put(bytes, at: block.index)
    }
}
