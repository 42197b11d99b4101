// The beginning of a qcow2 file: read from images that need not be trusted, written for volumes that are new.
// Follows: QEMU documentation, "Qcow2 image file format" (version 3).

import Glibc
package import HostSystem

/// What a qcow2 file's header says, as far as we must know.
package struct QCOW2Header: Equatable {
    package var virtualSize: UInt64
    /// As written in the file; a relative one counts from the file's own directory.
    package var backingFile: String?
    package var isEncrypted = false
    /// Where the file has what opens its clusters, as LUKS has it.
    package var seal: Range<Int>?
    /// The guest's data lies in another file.
    package var hasExternalData = false
    /// It is open for writing, or was not closed in good order.
    package var isDirty = false

    package static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xfb]
    /// Enough bytes of a file's beginning to read everything here.
    package static let readLength = 65536

    package init(virtualSize: UInt64, backingFile: String?) {
        (self.virtualSize, self.backingFile) = (virtualSize, backingFile)
    }

    /// Reads the header from the file's first bytes; nil when it is no qcow2 file or its name lies outside of them.
    package init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: QCOW2Header.magic), bytes.count >= 72 else { return nil }
        let version = bytes.bigEndian(at: 4, width: 4)
        guard version == 2 || version == 3, version == 2 || bytes.count >= 104 else { return nil }
        let offset = bytes.bigEndian(at: 8, width: 8)
        let length = bytes.bigEndian(at: 16, width: 4)
        var name: String?
        if offset != 0 {
            guard length <= 1023, offset <= UInt64(bytes.count), offset + length <= UInt64(bytes.count) else {
                return nil
            }
            name = String(decoding: bytes[Int(offset)..<Int(offset + length)], as: UTF8.self)
        }
        self.init(virtualSize: bytes.bigEndian(at: 24, width: 8), backingFile: name)
        isEncrypted = bytes.bigEndian(at: 32, width: 4) != 0
        isDirty = version == 3 && bytes.bigEndian(at: 72, width: 8) & 1 != 0
        hasExternalData = version == 3 && bytes.bigEndian(at: 72, width: 8) & 4 != 0
        if version == 3 { seal = QCOW2Header.seal(bytes) }
    }

    static let sealExtension: UInt64 = 0x0537_be77

    /// As the header's extensions tell: each a kind, a length, and its content, padded to 8 bytes.
    private static func seal(_ bytes: [UInt8]) -> Range<Int>? {
        var place = Int(bytes.bigEndian(at: 100, width: 4))
        while place + 24 <= bytes.count {
            let kind = bytes.bigEndian(at: place, width: 4)
            if kind == 0 { return nil }
            let length = Int(bytes.bigEndian(at: place + 4, width: 4))
            if kind == sealExtension {
                let (start, count) = (
                    bytes.bigEndian(at: place + 8, width: 8), bytes.bigEndian(at: place + 16, width: 8)
                )
                guard start < 1 << 40, count <= 16 << 20 else { return nil }
                return Int(start)..<Int(start + count)
            }
            place += 8 + (length + 7) / 8 * 8
        }
        return nil
    }
}

/// A new qcow2 file without data: the few pieces that are not zero, and the file's length.
package struct EmptyQCOW2: Equatable {
    struct Piece: Equatable {
        let offset: UInt64
        let bytes: [UInt8]
    }

    /// A file of which its header tells, by its dirty bit, whether it was closed in good order.
    package enum Closing { case plain, told }

    /// The usual ones are of 64 KiB.
    package static let clusterBits: UInt64 = 16
    private static let backingFormatExtension: UInt64 = 0xe279_2aca

    let pieces: [Piece]
    package let length: UInt64
    package let virtualSize: UInt64

    /// Everything of a header that has to be said.
    private struct Plan {
        let virtualSize: UInt64
        let l1Entries: UInt64
        let backingFile: String?
        let backingFormat: String
        let clusterBits: UInt64
        let closing: Closing
        /// Of what opens the clusters.
        let seal: (offset: UInt64, count: UInt64)?
    }

    /// - Parameters:
    ///   - virtualSize: bytes, a multiple of 512.
    ///   - backingFile: at most 1023 bytes.
    ///   - backingFormat: what its content is read as, eight letters at most.
    ///   - clusterBits: 9 to 21: the unit in which the file grows and a backing's bytes are copied.
    ///   - seal: a LUKS header, for clusters that it opens; nil: they are in the clear.
    package init(
        virtualSize: UInt64, backingFile: String?, backingFormat: String = "raw",
        clusterBits: UInt64 = EmptyQCOW2.clusterBits,
        closing: Closing = .plain, seal: [UInt8]? = nil
    ) {
        let cluster: UInt64 = 1 << clusterBits
        // Cluster 0: header. 1: refcount table. 2: refcount block. From 3: the L1 table, which begins as zeros. Then
        // the LUKS header.
        let bytesPerL2 = cluster * (cluster / 8)
        let l1Entries = (virtualSize + bytesPerL2 - 1) / bytesPerL2
        let l1Clusters = max(1, (l1Entries * 8 + cluster - 1) / cluster)
        let sealOffset = (3 + l1Clusters) * cluster
        let sealCount = UInt64(seal?.count ?? 0)
        let clusters = 3 + l1Clusters + (sealCount + cluster - 1) / cluster
        length = clusters * cluster
        self.virtualSize = virtualSize
        var table = BigEndianBytes()
        table.append(2 * cluster, width: 8)
        var block = BigEndianBytes()
        for _ in 0..<clusters { block.append(1, width: 2) }
        let plan = Plan(
            virtualSize: virtualSize, l1Entries: l1Entries, backingFile: backingFile, backingFormat: backingFormat,
            clusterBits: clusterBits, closing: closing, seal: seal.map { _ in (sealOffset, sealCount) })
        pieces =
            [
                Piece(offset: 0, bytes: EmptyQCOW2.header(plan)),
                Piece(offset: cluster, bytes: table.bytes),
                Piece(offset: 2 * cluster, bytes: block.bytes),
            ] + EmptyQCOW2.pieces(of: seal ?? [], at: sealOffset)
    }

    /// Into an empty file; not synced.
    package func write(to file: OwnedDescriptor) throws(SystemError) {
        guard ftruncate(file.number, off_t(length)) == 0 else { throw SystemError("ftruncate") }
        for piece in pieces {
            let count = pwrite(file.number, piece.bytes, piece.bytes.count, off_t(piece.offset))
            guard count == piece.bytes.count else { throw SystemError("pwrite") }
        }
    }

    /// Those parts of bytes that are not zeros.
    private static func pieces(of bytes: [UInt8], at offset: UInt64) -> [Piece] {
        stride(from: 0, to: bytes.count, by: 4096).compactMap { start in
            let part = bytes[start..<min(bytes.count, start + 4096)]
            return part.allSatisfy { $0 == 0 } ? nil : Piece(offset: offset + UInt64(start), bytes: Array(part))
        }
    }

    private static func header(_ plan: Plan) -> [UInt8] {
        let cluster: UInt64 = 1 << plan.clusterBits
        let headerLength: UInt64 = 104
        // The extensions: where the LUKS header lies (8 + 16 bytes), the backing's format (8 + 8), the end mark (8).
        let extensions: UInt64 = (plan.seal == nil ? 0 : 24) + (plan.backingFile == nil ? 0 : 16) + 8
        let backingFile = plan.backingFile
        var header = BigEndianBytes(QCOW2Header.magic)
        header.append(3, width: 4)
        header.append(backingFile == nil ? 0 : headerLength + extensions, width: 8)
        header.append(UInt64(backingFile?.utf8.count ?? 0), width: 4)
        header.append(plan.clusterBits, width: 4)
        header.append(plan.virtualSize, width: 8)
        header.append(plan.seal == nil ? 0 : 2, width: 4)  // not encrypted, or as LUKS has it
        header.append(plan.l1Entries, width: 4)
        header.append(3 * cluster, width: 8)
        header.append(cluster, width: 8)
        header.append(1, width: 4)  // clusters of the refcount table
        header.append(0, width: 4)  // no internal snapshots
        header.append(0, width: 8)
        header.append(0, width: 8)  // incompatible features
        header.append(plan.closing == .told ? 1 : 0, width: 8)  // compatible features: lazy refcounts
        header.append(0, width: 8)  // autoclear features
        header.append(4, width: 4)  // 16-bit refcounts
        header.append(headerLength, width: 4)
        if let seal = plan.seal {
            header.append(QCOW2Header.sealExtension, width: 4)
            header.append(16, width: 4)
            header.append(seal.offset, width: 8)
            header.append(seal.count, width: 8)
        }
        if let backingFile {
            header.append(backingFormatExtension, width: 4)
            let format = Array(plan.backingFormat.utf8)
            header.append(UInt64(format.count), width: 4)
            header.bytes += format + [UInt8](repeating: 0, count: 8 - format.count)
            header.append(0, width: 8)
            header.bytes += Array(backingFile.utf8)
        } else {
            header.append(0, width: 8)
        }
        return header.bytes
    }
}

struct BigEndianBytes {
    var bytes: [UInt8]
    init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    mutating func append(_ number: UInt64, width: Int) {
        for index in (0..<width).reversed() { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8))) }
    }

    /// Padded with zeros, of which there is one at least.
    mutating func append(_ text: String, width: Int) {
        let taken = text.utf8.prefix(width - 1)
        bytes += taken + [UInt8](repeating: 0, count: width - taken.count)
    }
}

extension [UInt8] {
    /// The unsigned number in `width` bytes at `offset`, which must lie inside.
    package func bigEndian(at offset: Int, width: Int) -> UInt64 {
        self[offset..<offset + width].reduce(0) { $0 << 8 | UInt64($1) }
    }

    package func littleEndian(at offset: Int, width: Int) -> UInt64 {
        self[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
