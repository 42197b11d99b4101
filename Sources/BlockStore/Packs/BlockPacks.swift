// The blocks on the disk: appended to packs, made durable in groups, read by name. `PackSweep` gives space back.
// Locks are taken in this order: durable, tail, index. The index's is never held while the disk is waited for.

import Crypto
import Glibc
import Synchronization

final class BlockPacks: Sendable {
    /// The pack that blocks are appended to.
    struct Tail: Sendable {
        var pack: UInt32
        var file: any StoreFile
        var entries: [PackEntry]
        var endPage: Int
        var durablePages: Int
        /// How far the disk was asked to begin.
        var begunPages: Int
    }

    struct TailState: Sendable {
        var tail: Tail?
        var nextPack: UInt32
        /// In pages, over all packs since the store was opened.
        var appended: UInt64 = 0
        /// Why nothing is taken any more.
        var failure: BlockStoreError?
    }

    struct Index: Sendable {
        var table = BlockTable()
        /// Every pack that takes no more blocks.
        var sealed: Set<UInt32> = []
        /// What is put or found by a put gets this mark; 1...255.
        var epoch: UInt8 = 1
        /// Blocks that were read and were not what was put: the next put stores them anew.
        var damaged: Set<BlockID> = []
    }

    let disk: any StoreDisk
    let files: PackFiles
    let seed: UInt32
    private let packPages: Int
    private let coders = CoderPool()
    private let durable = Mutex<UInt64>(0)
    let tail: Mutex<TailState>
    let index: Mutex<Index>

    init(
        disk: any StoreDisk, files: PackFiles, seed: UInt32, packPages: Int, tail: TailState, index: Index
    ) {
        (self.disk, self.files, self.seed) = (disk, files, seed)
        self.packPages = min(packPages, Int(UInt16.max))
        self.tail = Mutex(tail)
        self.index = Mutex(index)
    }

    // MARK: Putting

    /// Stores a block unless it is stored; durable only after `flush`.
    ///
    /// - Parameter note: called once the block is there, before anything can collect it. Takes no lock of the store
    ///   but that of a draft.
    /// - Returns: whether it was stored anew.
    func put(
        _ block: UnsafeRawBufferPointer, id: BlockID, key: BlockKey?, note: () -> Void
    ) throws(BlockStoreError) -> Bool {
        let found = try find(id, note: note)
        if found.isKept { return false }
        return try coders.use { (coder) throws(BlockStoreError) in
            guard let header = coder.encode(block, id: id, key: key) else {
                throw .failed(call: "encrypt a block", errno: 0)
            }
            return try append(header, coder, note: note)
        }
    }

    private struct Found {
        var isKept = false
        /// Where the block lies damaged.
        var damaged: [BlockPlace] = []
    }

    /// Looks for a block and, where it is, says that it is in use.
    private func find(_ id: BlockID, note: () -> Void) throws(BlockStoreError) -> Found {
        let (places, isDamaged) = index.withLock { ($0.table.places(id.fingerprint), $0.damaged.contains(id)) }
        var found = Found()
        for place in places where try header(at: place)?.id == id {
            if isDamaged {
                found.damaged.append(place)
                continue
            }
            let isThere = index.withLock { index in
                guard index.table.mark(id.fingerprint, place, index.epoch) else { return false }
                note()
                return true
            }
            if isThere { return Found(isKept: true) }
        }
        return found
    }

    /// Nil where it cannot be read, or the pack has just gone.
    private func header(at place: BlockPlace) throws(BlockStoreError) -> RecordHeader? {
        do throws(BlockStoreError) {
            return try RecordHeader.read(
                from: files.file(place.pack), pack: place.pack, page: Int(place.page), seed: seed)
        } catch {
            if error.isOfOnePlace { return nil }
            throw error
        }
    }

    private func append(
        _ header: RecordHeader, _ coder: BlockCoder, note: () -> Void
    ) throws(BlockStoreError) -> Bool {
        try tail.withLock { (state) throws(BlockStoreError) in
            if let failure = state.failure { throw failure }
            // Another may have put the same block meanwhile.
            let found = try find(header.id, note: note)
            if found.isKept { return false }
            var tail = try roomyTail(&state, pages: header.pages)
            let place = try write(header, coder, to: &tail)
            state.tail = tail
            state.appended += UInt64(header.pages)
            index.withLock { index in
                index.table.insert(header.id.fingerprint, place, mark: index.epoch)
                for place in found.damaged { index.table.remove(header.id.fingerprint, place) }
                index.damaged.remove(header.id)
                note()
            }
            return true
        }
    }

    private func roomyTail(_ state: inout TailState, pages: Int) throws(BlockStoreError) -> Tail {
        if let tail = state.tail {
            if tail.endPage + pages <= packPages { return tail }
            try seal(&state)
        }
        let pack = state.nextPack
        let file = try files.make(pack)
        state.nextPack += 1
        let tail = Tail(pack: pack, file: file, entries: [], endPage: 0, durablePages: 0, begunPages: 0)
        state.tail = tail
        return tail
    }

    /// 8 MiB: what the disk is asked to begin with at a time.
    private static let pagesBegunAtOnce = 2048

    private func write(
        _ unplaced: RecordHeader, _ coder: BlockCoder, to tail: inout Tail
    ) throws(BlockStoreError) -> BlockPlace {
        var header = unplaced
        (header.pack, header.page, header.durablePages) = (tail.pack, tail.endPage, tail.durablePages)
        guard let start = coder.record.baseAddress else { throw .failed(call: "allocate", errno: 0) }
        header.write(to: start, seed: seed)
        let offset = tail.endPage * RecordHeader.pageBytes
        do throws(BlockStoreError) {
            let bytes = UnsafeRawBufferPointer(start: start, count: header.pages * RecordHeader.pageBytes)
            try tail.file.write(bytes, at: offset)
        } catch {
            // Nothing of it stays; where even that fails, a later record overwrites it.
            try? tail.file.truncate(to: offset)
            throw error
        }
        let entry = PackEntry(fingerprint: header.id.fingerprint, page: header.page, pages: header.pages)
        tail.entries.append(entry)
        tail.endPage = entry.endPage
        if tail.endPage - tail.begunPages >= BlockPacks.pagesBegunAtOnce {
            tail.file.beginWriting(
                at: tail.begunPages * RecordHeader.pageBytes,
                count: (tail.endPage - tail.begunPages) * RecordHeader.pageBytes)
            tail.begunPages = tail.endPage
        }
        return entry.place(in: tail.pack)
    }

    // MARK: Making durable

    /// Returns once all that was put before the call is durable. Callers at the same time share a sync.
    func flush() throws(BlockStoreError) {
        let target = try tail.withLock { (state) throws(BlockStoreError) in
            if let failure = state.failure { throw failure }
            return state.appended
        }
        try durable.withLock { (durable) throws(BlockStoreError) in
            if durable >= target { return }
            let (tail, appended) = tail.withLock { ($0.tail, $0.appended) }
            if let tail { try syncOrStop(tail.file) { failure in self.tail.withLock { $0.failure = failure } } }
            durable = appended
            guard let tail else { return }
            self.tail.withLock { state in
                if state.tail?.pack == tail.pack { state.tail?.durablePages = tail.endPage }
            }
        }
    }

    /// After a sync that failed nobody knows what is on the disk: nothing more is promised.
    private func syncOrStop(
        _ file: any StoreFile, _ stop: (BlockStoreError) -> Void
    ) throws(BlockStoreError) {
        do throws(BlockStoreError) {
            try file.sync()
        } catch {
            let failure = error.asStop
            stop(failure)
            throw failure
        }
    }

    /// Ends the pack that is appended to; the next put begins another.
    private func seal(_ state: inout TailState) throws(BlockStoreError) {
        guard let tail = state.tail else { return }
        try syncOrStop(tail.file) { state.failure = $0 }
        // Without an index file the pack is scanned.
        try? files.writeIndex(PackIndexFile(entries: tail.entries, endPage: tail.endPage), of: tail.pack)
        state.tail = nil
        index.withLock { _ = $0.sealed.insert(tail.pack) }
    }

    func seal() throws(BlockStoreError) {
        try tail.withLock { (state) throws(BlockStoreError) in
            if let failure = state.failure { throw failure }
            try seal(&state)
        }
    }

    // MARK: Reading

    /// Reads a block into `buffer`, which has its length.
    ///
    /// - Throws: `.corruptBlock` where what is stored is not what was put, `.missingBlock` where nothing is stored.
    func read(_ id: BlockID, key: BlockKey?, into buffer: UnsafeMutableRawBufferPointer) throws(BlockStoreError) {
        try coders.use { (coder) throws(BlockStoreError) in
            _ = try load(id, coder) { coder.decode($0, key: key, into: buffer) != nil }
        }
    }

    /// SHA-256 of a block's bytes. Under a key they are read.
    func checksum(of id: BlockID, key: BlockKey?) throws(BlockStoreError) -> BlockID {
        guard let key else { return id }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Block.byteCount, alignment: 4096)
        defer { buffer.deallocate() }
        try read(id, key: key, into: buffer)
        var hash = SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(buffer))
        return BlockID(hash.finalize())
    }

    /// Lends a block's bytes as they are stored, after looking at their checksum.
    func withStored(
        _ id: BlockID, _ body: (RecordHeader.Kind, UnsafeRawBufferPointer) throws(BlockStoreError) -> Void
    ) throws(BlockStoreError) {
        try coders.use { (coder) throws(BlockStoreError) in
            let header = try load(id, coder) { coder.isIntact($0) }
            try body(header.kind, coder.stored(header))
        }
    }

    /// The block of which these are the stored bytes; nil: they are of none.
    func plain(
        _ stored: [UInt8], _ kind: RecordHeader.Kind, id: BlockID, key: BlockKey?
    ) throws(BlockStoreError)
        -> [UInt8]?
    {
        try coders.use { (coder) throws(BlockStoreError) in
            let header = coder.place(stored, kind, id: id)
            var isWhole = false
            let block = [UInt8](unsafeUninitializedCapacity: Block.byteCount) { buffer, count in
                isWhole = coder.decode(header, key: key, into: UnsafeMutableRawBufferPointer(buffer)) != nil
                count = isWhole ? Block.byteCount : 0
            }
            return isWhole ? block : nil
        }
    }

    /// Puts a block's record into `coder`.
    ///
    /// - Parameter isGood: whether the record in `coder` is what was written.
    private func load(
        _ id: BlockID, _ coder: BlockCoder, isGood: (RecordHeader) -> Bool
    ) throws(BlockStoreError) -> RecordHeader {
        let places = index.withLock { $0.table.places(id.fingerprint) }
        var damaged: BlockPlace?
        for place in places {
            switch try header(id, at: place, coder) {
            case .found(let header) where isGood(header): return header
            case .found, .damaged: damaged = place
            case .another: continue
            }
        }
        guard let damaged else { throw .missingBlock(id) }
        noteDamage(id)
        throw .corruptBlock(id, place: "\(files.path(damaged.pack)) at byte \(damaged.offset)")
    }

    private enum Reading {
        case found(RecordHeader)
        case another, damaged
    }

    private func header(
        _ id: BlockID, at place: BlockPlace, _ coder: BlockCoder
    ) throws(BlockStoreError) -> Reading {
        let record = UnsafeMutableRawBufferPointer(rebasing: coder.record[..<min(place.byteCount, coder.record.count)])
        do throws(BlockStoreError) {
            guard try files.file(place.pack).read(into: record, at: place.offset) == place.byteCount,
                let start = record.baseAddress,
                let header = RecordHeader(at: start, seed: seed, pack: place.pack, page: Int(place.page)),
                header.pages == Int(place.pages)
            else { return .damaged }
            return header.id == id ? .found(header) : .another
        } catch {
            if error.isOfOnePlace { return .damaged }
            throw error
        }
    }

    /// Notes a block whose bytes are not what its name says.
    func noteDamage(_ id: BlockID) { index.withLock { _ = $0.damaged.insert(id) } }
}

extension BlockStoreError {
    /// Whether it says no more than that one place on the disk cannot be read.
    fileprivate var isOfOnePlace: Bool {
        guard case .failed(_, let number) = self else { return false }
        return number == EIO || number == ENOENT
    }

    fileprivate var asStop: BlockStoreError {
        switch self {
        case .failed(_, let number): .stopped(errno: number)
        case .full: .stopped(errno: ENOSPC)
        case .stopped: self
        case .notAStore, .newerFormat, .alreadyInUse, .noSuchSnapshot, .snapshotExists, .noSuchDraft, .wrongKey,
            .keyUnavailable, .notABlock, .indexOutOfRange, .checksumMismatch, .sizeOutOfRange, .corruptBlock,
            .missingBlock,
            .corruptManifest, .unreadableFile:
            .stopped(errno: EIO)
        }
    }
}
