// What stands before each block in a pack, 64 bytes, little-endian. See docs/decisions on the block store.

import CBlockCoding

/// A record is this header and the stored bytes, padded with zeros to whole pages.
struct RecordHeader: Equatable, Sendable {
    static let byteCount = 64
    static let pageBytes = 4096
    private static let magic: UInt32 = 0x4b42_5041

    struct Kind: OptionSet, Sendable {
        let rawValue: UInt8
        static let compressed = Kind(rawValue: 1)
        static let encrypted = Kind(rawValue: 2)
        /// No block: the space of blocks that are gone, as far as `pages` says.
        static let tombstone = Kind(rawValue: 128)
        static let known: Kind = [.compressed, .encrypted, .tombstone]
    }

    var kind: Kind
    /// The whole record, this header and the padding included.
    var pages: Int
    var storedBytes: Int
    /// Of the stored bytes and the padding.
    var payloadCRC: UInt32
    var pack: UInt32
    var page: Int
    /// How far this pack was known to be durable when the record was written, in pages.
    var durablePages: Int
    var id: BlockID

    static func pages(forStored bytes: Int) -> Int { (byteCount + bytes + pageBytes - 1) / pageBytes }

    /// - Parameter seed: the store's own, so that no guest can make bytes that look like a header.
    func write(to place: UnsafeMutableRawPointer, seed: UInt32) {
        place.storeBytes(of: RecordHeader.magic.littleEndian, as: UInt32.self)
        place.storeBytes(of: kind.rawValue, toByteOffset: 4, as: UInt8.self)
        place.storeBytes(of: 0, toByteOffset: 5, as: UInt8.self)
        place.storeBytes(of: UInt16(truncatingIfNeeded: pages).littleEndian, toByteOffset: 6, as: UInt16.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: storedBytes).littleEndian, toByteOffset: 8, as: UInt32.self)
        place.storeBytes(of: payloadCRC.littleEndian, toByteOffset: 12, as: UInt32.self)
        place.storeBytes(of: pack.littleEndian, toByteOffset: 16, as: UInt32.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: page).littleEndian, toByteOffset: 20, as: UInt32.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: durablePages).littleEndian, toByteOffset: 24, as: UInt32.self)
        (place + 28).storeBytes(of: 0, as: UInt32.self)
        id.store(at: place + 32)
        let crc = apus_crc32c(seed, place, RecordHeader.byteCount)
        (place + 28).storeBytes(of: crc.littleEndian, as: UInt32.self)
    }

    /// Nil where the bytes are no header of a record at this place.
    init?(at place: UnsafeRawPointer, seed: UInt32, pack: UInt32, page: Int) {
        guard UInt32(littleEndian: place.loadUnaligned(as: UInt32.self)) == RecordHeader.magic else { return nil }
        let number = { UInt32(littleEndian: place.loadUnaligned(fromByteOffset: $0, as: UInt32.self)) }
        guard number(28) == RecordHeader.crc(of: place, seed: seed) else { return nil }
        kind = Kind(rawValue: place.load(fromByteOffset: 4, as: UInt8.self))
        pages = Int(UInt16(littleEndian: place.loadUnaligned(fromByteOffset: 6, as: UInt16.self)))
        storedBytes = Int(number(8))
        payloadCRC = number(12)
        self.pack = number(16)
        self.page = Int(number(20))
        durablePages = Int(number(24))
        id = BlockID(loading: place + 32)
        guard kind.isSubset(of: .known), self.pack == pack, self.page == page, pages > 0 else { return nil }
        guard kind.contains(.tombstone) || pages == RecordHeader.pages(forStored: storedBytes) else { return nil }
    }

    init(kind: Kind, pages: Int, storedBytes: Int, payloadCRC: UInt32, id: BlockID) {
        (self.kind, self.pages, self.storedBytes, self.payloadCRC) = (kind, pages, storedBytes, payloadCRC)
        (pack, page, durablePages, self.id) = (0, 0, 0, id)
    }

    static func tombstone(pack: UInt32, page: Int, pages: Int) -> RecordHeader {
        var header = RecordHeader(kind: .tombstone, pages: pages, storedBytes: 0, payloadCRC: 0, id: BlockID([]))
        (header.pack, header.page) = (pack, page)
        return header
    }

    /// As if the checksum's own field were zeros.
    private static func crc(of place: UnsafeRawPointer, seed: UInt32) -> UInt32 {
        var zeros: UInt32 = 0
        let before = apus_crc32c(seed, place, 28)
        let field = apus_crc32c(before, &zeros, 4)
        return apus_crc32c(field, place + 32, byteCount - 32)
    }
}
