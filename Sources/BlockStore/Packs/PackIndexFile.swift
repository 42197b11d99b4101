// What lies in a pack that takes no more blocks: a file beside it, so that opening need not read the packs.
// Only a copy of what the pack itself tells: where it is absent or damaged, the pack is scanned.

import CBlockCoding

/// A record of a pack, or a part that cannot be read and is left alone.
struct PackEntry: Equatable, Sendable {
    var fingerprint: UInt64
    var page: Int
    var pages: Int
    var isDamaged = false
    var endPage: Int { page + pages }

    func place(in pack: UInt32) -> BlockPlace {
        BlockPlace(
            pack: pack, page: UInt16(truncatingIfNeeded: page), pages: UInt8(truncatingIfNeeded: min(pages, 255)))
    }
}

/// Numbers are little-endian: magic, pack, end page, count; per entry fingerprint, page, pages with the damage in its
/// top bit (32 bits each); CRC-32C of all before.
struct PackIndexFile: Equatable, Sendable {
    private static let magic: UInt32 = 0x4958_5041
    private static let damaged: UInt32 = 1 << 31
    var entries: [PackEntry]
    var endPage: Int

    func bytes(pack: UInt32) -> [UInt8] {
        var writer = ByteWriter()
        for number in [PackIndexFile.magic, pack, UInt32(endPage), UInt32(entries.count)] { writer.append(number) }
        for entry in entries {
            writer.append(entry.fingerprint)
            writer.append(UInt32(entry.page))
            writer.append(UInt32(entry.pages) | (entry.isDamaged ? PackIndexFile.damaged : 0))
        }
        writer.append(apus_crc32c(0, writer.bytes, writer.bytes.count))
        return writer.bytes
    }

    init(entries: [PackEntry], endPage: Int) { (self.entries, self.endPage) = (entries, endPage) }

    /// Nil where the bytes are not what was written for this pack.
    init?(_ bytes: [UInt8], pack: UInt32) {
        var reader = ByteReader(bytes)
        guard bytes.count >= 20, (bytes.count - 20) % 16 == 0, reader.number32() == PackIndexFile.magic,
            reader.number32() == pack
        else { return nil }
        endPage = Int(reader.number32())
        guard Int(reader.number32()) == (bytes.count - 20) / 16 else { return nil }
        entries = []
        entries.reserveCapacity((bytes.count - 20) / 16)
        while reader.place < bytes.count - 4 {
            let (fingerprint, page, pages) = (reader.number64(), reader.number32(), reader.number32())
            entries.append(
                PackEntry(
                    fingerprint: fingerprint, page: Int(page), pages: Int(pages & ~PackIndexFile.damaged),
                    isDamaged: pages & PackIndexFile.damaged != 0))
        }
        guard reader.number32() == apus_crc32c(0, bytes, bytes.count - 4) else { return nil }
    }
}
