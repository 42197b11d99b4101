// The first page of a snapshot's files: of the manifest, of its draft, and of an exported snapshot.

import CBlockCoding
import CloudTypes

/// What a snapshot is, without its blocks.
struct ManifestHeader: Equatable, Sendable {
    static let byteCount = 4096
    static let version: UInt32 = 1

    enum Kind: UInt64, Sendable {
        /// "ApusSnap", "ApusDrft", "ApusFile" as they stand in the file.
        case manifest = 0x7061_6e53_7375_7041
        case draft = 0x7466_7244_7375_7041
        case exported = 0x656c_6946_7375_7041
    }

    var kind: Kind
    var snapshot: SnapshotID
    /// The volume's, of which the last block may be used in part only.
    var volumeBytes: Int
    /// How many blocks the snapshot has; 0 in a draft.
    var rowCount: Int
    var keyCheck: KeyCheck
    /// Of a draft: whether what it began as stands beside it.
    var hasParent = false

    var blockCount: Int { (volumeBytes + Block.byteCount - 1) / Block.byteCount }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.append(kind.rawValue)
        writer.append(ManifestHeader.version)
        writer.append(UInt64(volumeBytes))
        writer.append(UInt64(rowCount))
        writer.append(keyCheck.bytes)
        writer.append(UInt8(hasParent ? 1 : 0))
        writer.append(UInt8(snapshot.description.utf8.count))
        writer.append(snapshot.description.utf8)
        writer.pad(to: ManifestHeader.byteCount - 4)
        writer.append(apus_crc32c(0, writer.bytes, writer.bytes.count))
        return writer.bytes
    }

    init(kind: Kind, snapshot: SnapshotID, volumeBytes: Int, rowCount: Int, keyCheck: KeyCheck) {
        (self.kind, self.snapshot, self.volumeBytes) = (kind, snapshot, volumeBytes)
        (self.rowCount, self.keyCheck) = (rowCount, keyCheck)
    }

    /// Why bytes are no header of this kind.
    enum Flaw: Error, Equatable { case newer(Int), damaged }

    init(_ bytes: [UInt8], kind: Kind) throws(Flaw) {
        var reader = ByteReader(bytes)
        guard bytes.count == ManifestHeader.byteCount, reader.number64() == kind.rawValue else { throw .damaged }
        let version = reader.number32()
        var end = ByteReader(bytes, from: bytes.count - 4)
        guard end.number32() == apus_crc32c(0, bytes, bytes.count - 4) else { throw .damaged }
        guard version <= ManifestHeader.version else { throw .newer(Int(version)) }
        let (volumeBytes, rowCount) = (reader.number64(), reader.number64())
        let keyCheck = KeyCheck(reader.bytes(KeyCheck.byteCount))
        let hasParent = reader.bytes(1)[0] == 1
        let length = reader.bytes(1)[0]
        guard let snapshot = SnapshotID(String(decoding: reader.bytes(Int(length)), as: UTF8.self)),
            let size = Int(exactly: volumeBytes), let rows = Int(exactly: rowCount), size >= 0,
            size <= Block.limit * Block.byteCount
        else { throw .damaged }
        self.init(kind: kind, snapshot: snapshot, volumeBytes: size, rowCount: rows, keyCheck: keyCheck)
        self.hasParent = hasParent
    }
}
