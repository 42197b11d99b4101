// A page of a manifest: up to 113 rows in ascending order, with a checksum that also vouches for its place.

import CBlockCoding

/// One block of a snapshot.
package struct BlockRow: Equatable, Sendable {
    /// Of the volume: offset / 512 KiB.
    package var index: Int
    package var id: BlockID

    package init(index: Int, id: BlockID) { (self.index, self.id) = (index, id) }
}

/// Little-endian: CRC-32C of the rest, page number, row count, 0; rows of index and id.
struct ManifestPage: Sendable {
    static let byteCount = 4096
    private static let headerBytes = 16
    private static let rowBytes = 36
    static let rowLimit = (byteCount - headerBytes) / rowBytes

    private(set) var rows: [BlockRow]

    static func bytes(_ rows: [BlockRow], number: Int) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(UInt32(number))
        writer.append(UInt32(rows.count))
        writer.append(UInt32(0))
        for row in rows {
            writer.append(UInt32(row.index))
            writer.append(row.id.bytes)
        }
        writer.pad(to: byteCount - 4)
        var page = ByteWriter()
        page.append(apus_crc32c(0, writer.bytes, writer.bytes.count))
        page.append(writer.bytes)
        return page.bytes
    }

    /// Nil where the bytes are not the page of this number.
    init?(_ bytes: [UInt8], number: Int) {
        var reader = ByteReader(bytes)
        guard bytes.count == ManifestPage.byteCount else { return nil }
        let crc = bytes.withUnsafeBytes { apus_crc32c(0, $0.baseAddress.map { $0 + 4 }, bytes.count - 4) }
        guard reader.number32() == crc, Int(reader.number32()) == number else { return nil }
        let count = Int(reader.number32())
        _ = reader.number32()
        guard count > 0, count <= ManifestPage.rowLimit else { return nil }
        rows = bytes.withUnsafeBytes { buffer in
            (0..<count).compactMap { row in
                let place = ManifestPage.headerBytes + row * ManifestPage.rowBytes
                guard let start = buffer.baseAddress else { return nil }
                let index = UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: place, as: UInt32.self))
                return BlockRow(index: Int(index), id: BlockID(loading: start + place + 4))
            }
        }
    }
}
