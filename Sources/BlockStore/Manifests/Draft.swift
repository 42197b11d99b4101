// A snapshot in the making: blocks are put in any order, from any number of threads. It outlives crashes and is gone
// on with where its durable rows end; committing makes the snapshot exist, whole.

package import CloudTypes
import Crypto
import Synchronization

/// What is shared by all who work on one draft: its rows, and those that are not in its file yet.
final class OpenDraft: Sendable {
    let file: DraftFile
    /// What it began as; held, so that it may be deleted meanwhile.
    let parent: ManifestFile?
    private let writing = Mutex<UInt64>(0)

    struct Pending: Sendable {
        var rows: [Int: (row: DraftRow, number: UInt64)] = [:]
        var added: UInt64 = 0
        var isClosed = false
    }
    let pending = Mutex(Pending())
    /// Of sealed blocks that were put by this run of ours, by their names, so that nobody has to read them back.
    private let checksums = Mutex<[BlockID: BlockID]>([:])
    /// 128 GiB of blocks, some 20 MB of memory.
    private static let checksumLimit = 262_144

    init(_ file: DraftFile, parent: ManifestFile?) { (self.file, self.parent) = (file, parent) }

    var id: SnapshotID { file.header.snapshot }

    func note(checksum: BlockID, of block: BlockID) {
        checksums.withLock { if $0.count < OpenDraft.checksumLimit { $0[block] = checksum } }
    }

    func checksum(of block: BlockID) -> BlockID? { checksums.withLock { $0[block] } }

    /// - Returns: how many rows wait; nil: the draft takes none any more.
    func note(_ row: DraftRow, at index: Int) -> Int? {
        pending.withLock { pending in
            if pending.isClosed { return nil }
            pending.added += 1
            pending.rows[index] = (row, pending.added)
            return pending.rows.count
        }
    }

    /// Writes the rows that wait, once their blocks are durable: a durable row never names a block that is not.
    func flush(_ packs: BlockPacks) throws(BlockStoreError) {
        let target = pending.withLock { $0.added }
        try writing.withLock { (written) throws(BlockStoreError) in
            if written >= target { return }
            let (rows, added) = pending.withLock { ($0.rows, $0.added) }
            try packs.flush()
            for (index, row) in rows { try file.write(row.row, at: index) }
            try file.sync()
            written = added
            pending.withLock { pending in
                for (index, row) in rows where pending.rows[index]?.number == row.number { pending.rows[index] = nil }
            }
        }
    }

    func row(at index: Int) throws(BlockStoreError) -> DraftRow? {
        if let waiting = pending.withLock({ $0.rows[index]?.row }) { return waiting }
        return try file.row(at: index)
    }
}

/// A draft and the key that its blocks are put under.
package struct SnapshotDraft: Sendable {
    let store: BlockStore
    let open: OpenDraft
    let key: BlockKey?

    package var id: SnapshotID { open.id }
    package var volumeBytes: Int { open.file.header.volumeBytes }
    package var blockCount: Int { open.file.header.blockCount }
    /// Whether it has the blocks of a parent where none is put. One that is gone on with has the parent that it began with.
    package var hasParent: Bool { open.parent != nil }

    package enum Put: Equatable, Sendable {
        /// All zeros: takes no space.
        case zeros
        case stored
        /// It was there.
        case shared
    }

    /// Rows in memory before they are written.
    private static let pendingLimit = 1024

    /// Takes a block, which is durable after the next `flush`.
    ///
    /// - Parameters:
    ///   - block: 524,288 bytes.
    ///   - checksum: the SHA-256 that the bytes should have; nil: any.
    /// - Throws: `.checksumMismatch`, `.indexOutOfRange`, `.notABlock`, `.noSuchDraft` after commit or discard, `.full`.
    @discardableResult
    package func put(
        _ block: UnsafeRawBufferPointer, at index: Int, checksum: BlockID? = nil
    ) throws(BlockStoreError) -> Put {
        guard block.count == Block.byteCount else { throw .notABlock(byteCount: block.count) }
        try check(index)
        if BlockScan.isZero(block) {
            if let checksum, checksum != Block.zeroChecksum { throw .checksumMismatch(index: index) }
            try putZeros(at: index)
            return .zeros
        }
        var hash = SHA256()
        hash.update(bufferPointer: block)
        let found = BlockID(hash.finalize())
        if let checksum, checksum != found { throw .checksumMismatch(index: index) }
        let id = key?.name(of: found) ?? found
        if key != nil { open.note(checksum: found, of: id) }
        var waiting: Int?
        let isNew = try store.packs.put(block, id: id, key: key) { waiting = open.note(.block(id), at: index) }
        try flush(ifMany: waiting)
        return isNew ? .stored : .shared
    }

    @discardableResult
    package func put(_ block: [UInt8], at index: Int, checksum: BlockID? = nil) throws(BlockStoreError) -> Put {
        let result = block.withUnsafeBytes { bytes in
            Result { () throws(BlockStoreError) in try put(bytes, at: index, checksum: checksum) }
        }
        return try result.get()
    }

    /// Says that a block is zeros, also where the parent has something else.
    package func putZeros(at index: Int) throws(BlockStoreError) {
        try check(index)
        try flush(ifMany: open.note(.zeros, at: index))
    }

    private func flush(ifMany waiting: Int?) throws(BlockStoreError) {
        guard let waiting else { throw .noSuchDraft(id) }
        if waiting >= SnapshotDraft.pendingLimit { try flush() }
    }

    private func check(_ index: Int) throws(BlockStoreError) {
        guard index >= 0, index < blockCount else { throw .indexOutOfRange(index, blockCount: blockCount) }
    }

    /// Returns once all that was put before is durable: a crash does not take it from the draft any more.
    package func flush() throws(BlockStoreError) {
        if open.pending.withLock({ $0.isClosed }) { throw .noSuchDraft(id) }
        try open.flush(store.packs)
    }

    /// Whether a block was put at an index (into this draft, not its parent), zeros included.
    package func contains(_ index: Int) throws(BlockStoreError) -> Bool { try open.row(at: index) != nil }

    /// What a draft holds.
    package struct Progress: Equatable, Sendable {
        /// Indexes that were put, zeros included.
        package var indexes = 0
        package var lastIndex: Int?
        package init(indexes: Int = 0, lastIndex: Int? = nil) { (self.indexes, self.lastIndex) = (indexes, lastIndex) }
    }

    /// Counts what was put and flushed. Reads the rows: for going on after a crash, not for each block.
    package func progress() throws(BlockStoreError) -> Progress {
        try flush()
        var progress = Progress()
        var rows = open.file.rows()
        while let (index, _) = try rows.next() {
            progress.indexes += 1
            progress.lastIndex = index
        }
        return progress
    }

    /// What was put, as the EBS direct APIs account for it.
    package struct Contents: Equatable, Sendable {
        /// Indexes that were put, zeros included.
        package var count = 0
        /// SHA-256 over the checksums of the blocks that were put, in ascending order of their indexes.
        package var checksum: [UInt8] = []
    }

    /// Accounts for what was put and flushed. Reads the rows, and under a key each block that an earlier run put.
    ///
    /// - Throws: `.corruptBlock` or `.missingBlock`, `.noSuchDraft`.
    package func contents() throws(BlockStoreError) -> Contents {
        try flush()
        var (contents, hash) = (Contents(), SHA256())
        var rows = open.file.rows()
        while let (_, row) = try rows.next() {
            contents.count += 1
            hash.update(data: try checksum(of: row).bytes)
        }
        contents.checksum = Array(hash.finalize())
        return contents
    }

    private func checksum(of row: DraftRow) throws(BlockStoreError) -> BlockID {
        guard case .block(let id) = row else { return Block.zeroChecksum }
        if let known = open.checksum(of: id) { return known }
        return try store.packs.checksum(of: id, key: key)
    }

    /// Puts every block of a snapshot, which may be sealed with any key; what was put and is durable is not put again.
    package func put(_ snapshot: Snapshot) throws(BlockStoreError) {
        let isNew = try progress().indexes == 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Block.byteCount, alignment: 4096)
        defer { buffer.deallocate() }
        var rows = try snapshot.blocks()
        while let row = try rows.next() {
            if !isNew, try contains(row.index) { continue }
            try snapshot.read(at: row.index, into: buffer)
            try put(UnsafeRawBufferPointer(buffer), at: row.index)
        }
        try flush()
    }

    /// Makes the snapshot: the parent's blocks, with what was put in their place. It stands alone from then on.
    package func commit() throws(BlockStoreError) { try store.commit(self) }

    /// Gives up what was put.
    package func discard() throws(BlockStoreError) { try store.discard(id) }
}
