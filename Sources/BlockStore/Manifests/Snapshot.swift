// A committed snapshot, open for reading. While it is held, its blocks stay, also when the snapshot is deleted.

package import CloudTypes

package final class Snapshot: Sendable {
    let file: ManifestFile
    let key: BlockKey?
    private let store: BlockStore

    init(_ file: ManifestFile, key: BlockKey?, store: BlockStore) {
        (self.file, self.key, self.store) = (file, key, store)
    }

    deinit { store.letGo(of: file) }

    package var id: SnapshotID { file.header.snapshot }
    package var volumeBytes: Int { file.header.volumeBytes }
    /// Of the volume.
    package var blockCount: Int { file.header.blockCount }
    /// How many blocks are not zeros.
    package var storedBlockCount: Int { file.header.rowCount }
    package var isEncrypted: Bool { key != nil }

    /// What the block at an index is known by; nil: it is zeros.
    package func block(at index: Int) throws(BlockStoreError) -> BlockID? {
        guard index >= 0, index < blockCount else { throw .indexOutOfRange(index, blockCount: blockCount) }
        return try file.id(at: index)
    }

    /// Reads the block at an index into `buffer` of 524,288 bytes.
    ///
    /// - Returns: what it is known by; nil: it is zeros, with which the buffer was filled.
    /// - Throws: `.corruptBlock` or `.missingBlock` naming it, `.indexOutOfRange`, `.corruptManifest`.
    @discardableResult
    package func read(
        at index: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(BlockStoreError) -> BlockID? {
        guard buffer.count == Block.byteCount else { throw .notABlock(byteCount: buffer.count) }
        guard let id = try block(at: index) else {
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            return nil
        }
        try store.packs.read(id, key: key, into: buffer)
        return id
    }

    package func read(at index: Int) throws(BlockStoreError) -> [UInt8] {
        var failure: BlockStoreError?
        let bytes = [UInt8](unsafeUninitializedCapacity: Block.byteCount) { buffer, count in
            do throws(BlockStoreError) {
                try read(at: index, into: UnsafeMutableRawBufferPointer(buffer))
                count = Block.byteCount
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The blocks that are not zeros, in ascending order, beginning at an index: to page, begin at the last one plus 1.
    package func blocks(from index: Int = 0) throws(BlockStoreError) -> SnapshotBlocks {
        SnapshotBlocks(rows: try file.rows(from: index))
    }

    /// What is different in a later snapshot, beginning at an index. Where the two are not sealed with one key, blocks that
    /// both have are read.
    package func changes(to later: Snapshot, from index: Int = 0) throws(BlockStoreError) -> BlockChanges {
        let isOneKey = file.header.keyCheck == later.file.header.keyCheck
        return try BlockChanges(
            file.rows(from: index), later.file.rows(from: index), reading: isOneKey ? nil : (self, later))
    }

    func checksum(of id: BlockID) throws(BlockStoreError) -> BlockID {
        try store.packs.checksum(of: id, key: key)
    }
}

package struct SnapshotBlocks: Sendable {
    fileprivate var rows: ManifestRows
    package mutating func next() throws(BlockStoreError) -> BlockRow? { try rows.next() }
}
