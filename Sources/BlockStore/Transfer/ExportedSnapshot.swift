// A snapshot as one file that needs nothing else: a first page as a manifest has, a record for each block in ascending
// order, and an end that vouches for everything before it. Encrypted blocks stay sealed.

import CloudTypes
import Crypto

/// Before each block's stored bytes, little-endian: index, kind, length, CRC-32C of the bytes (32 bits each), name.
struct ExportedBlock: Equatable, Sendable {
    static let headerBytes = 48
    var index: Int
    var kind: RecordHeader.Kind
    var storedBytes: Int
    var crc: UInt32
    var id: BlockID

    /// An index that no block has: the end.
    static let end = UInt32.max

    var bytes: [UInt8] {
        var writer = ByteWriter()
        for number in [UInt32(index), UInt32(kind.rawValue), UInt32(storedBytes), crc] { writer.append(number) }
        writer.append(id.bytes)
        return writer.bytes
    }

    init(index: Int, kind: RecordHeader.Kind, storedBytes: Int, crc: UInt32, id: BlockID) {
        (self.index, self.kind, self.storedBytes, self.crc, self.id) = (index, kind, storedBytes, crc, id)
    }

    /// Nil for the end.
    init?(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        let index = reader.number32()
        if index == ExportedBlock.end { return nil }
        self.index = Int(index)
        kind = RecordHeader.Kind(rawValue: UInt8(truncatingIfNeeded: reader.number32()))
        (storedBytes, crc) = (Int(reader.number32()), reader.number32())
        id = BlockID(reader.bytes(BlockID.byteCount))
    }
}

/// Writes in large pieces and hashes what it writes.
struct ExportWriter {
    private let file: any StoreFile
    private var waiting: [UInt8] = []
    private var written = 0
    private var hash = SHA256()

    init(_ file: any StoreFile) { self.file = file }

    mutating func append(_ bytes: [UInt8]) throws(BlockStoreError) {
        waiting += bytes
        if waiting.count >= 1 << 20 { try flush() }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(BlockStoreError) {
        waiting += bytes
        if waiting.count >= 1 << 20 { try flush() }
    }

    private mutating func flush() throws(BlockStoreError) {
        hash.update(data: waiting)
        try file.write(waiting, at: written)
        written += waiting.count
        waiting.removeAll(keepingCapacity: true)
    }

    /// The end: a mark, zeros, and the SHA-256 of all before them.
    mutating func finish() throws(BlockStoreError) {
        try flush()
        var end = ByteWriter()
        end.append(ExportedBlock.end)
        end.pad(to: ExportedBlock.headerBytes - BlockID.byteCount)
        end.append(hash.finalize())
        try file.write(end.bytes, at: written)
        try file.sync()
    }
}

/// Reads in order and hashes what it reads.
struct ExportReader {
    private let file: any StoreFile
    let path: String
    private var place = 0
    private var hash = SHA256()

    init(_ file: any StoreFile, path: String) { (self.file, self.path) = (file, path) }

    func unreadable(_ reason: String) -> BlockStoreError { .unreadableFile(path: path, reason: reason) }

    mutating func next(_ count: Int) throws(BlockStoreError) -> [UInt8] {
        let bytes = try file.read(count: count, at: place)
        guard bytes.count == count else { throw unreadable("it ends at byte \(place + bytes.count)") }
        place += count
        return bytes
    }

    mutating func header() throws(BlockStoreError) -> ManifestHeader {
        let bytes = try next(ManifestHeader.byteCount)
        hash.update(data: bytes)
        do throws(ManifestHeader.Flaw) {
            return try ManifestHeader(bytes, kind: .exported)
        } catch {
            switch error {
            case .newer(let version): throw .newerFormat(version)
            case .damaged: throw unreadable("it is no snapshot, or its first page is damaged")
            }
        }
    }

    /// A block's header and stored bytes; nil at an end that vouches for what was read.
    mutating func block() throws(BlockStoreError) -> (ExportedBlock, [UInt8])? {
        let start = place
        let bytes = try next(ExportedBlock.headerBytes)
        guard let block = ExportedBlock(bytes) else {
            let isPlainEnd = bytes[4..<ExportedBlock.headerBytes - BlockID.byteCount].allSatisfy { $0 == 0 }
            guard isPlainEnd, BlockID(bytes.suffix(BlockID.byteCount)) == BlockID(hash.finalize()) else {
                throw unreadable("its checksum is another")
            }
            guard try file.size() == place else { throw unreadable("more follows its end") }
            return nil
        }
        guard block.storedBytes <= Block.byteCount + BlockKey.overhead, block.kind.isSubset(of: .known) else {
            throw unreadable("the block at byte \(start) is damaged")
        }
        let stored = try next(block.storedBytes)
        hash.update(data: bytes)
        hash.update(data: stored)
        return (block, stored)
    }
}
