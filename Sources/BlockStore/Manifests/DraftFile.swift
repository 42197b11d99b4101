// The rows of a snapshot in the making, each at a place of its own in a sparse file: they may come in any order, the
// later one of an index counts, and no crash tears one, since none crosses a sector.

import CBlockCoding
import CloudTypes

/// What a draft says of an index.
enum DraftRow: Equatable, Sendable {
    case block(BlockID)
    /// Zeros, also where the parent has a block.
    case zeros
}

/// A row is CRC-32C (also of the index), kind, name; 12 rows and 32 bytes of nothing make a sector.
struct DraftFile: Sendable {
    static let rowBytes = 40
    private static let sectorBytes = 512
    private static let rowsPerSector = 12
    private static let block: UInt32 = 1
    private static let zeros: UInt32 = 2

    let header: ManifestHeader
    private let file: any StoreFile

    /// Makes a draft; it exists under its name once it is durable.
    init(making header: ManifestHeader, _ disk: any StoreDisk, path: String, folder: String) throws(BlockStoreError) {
        self.header = header
        try disk.replace(path, in: folder, with: header.bytes)
        file = try disk.open(path, .existing)
    }

    init(_ disk: any StoreDisk, path: String, snapshot: SnapshotID) throws(BlockStoreError) {
        file = try disk.open(path, .existing)
        let bytes = try file.read(count: ManifestHeader.byteCount, at: 0)
        do throws(ManifestHeader.Flaw) {
            header = try ManifestHeader(bytes, kind: .draft)
        } catch {
            switch error {
            case .newer(let version): throw .newerFormat(version)
            case .damaged: throw .corruptManifest(snapshot, reason: "the first page of its draft is damaged")
            }
        }
    }

    private static func place(of index: Int) -> Int {
        ManifestHeader.byteCount + index / rowsPerSector * sectorBytes + index % rowsPerSector * rowBytes
    }

    private static func crc(_ index: Int, _ kind: UInt32, _ id: BlockID) -> UInt32 {
        var writer = ByteWriter()
        writer.append(UInt32(index))
        writer.append(kind)
        writer.append(id.bytes)
        return apus_crc32c(0, writer.bytes, writer.bytes.count)
    }

    func write(_ row: DraftRow, at index: Int) throws(BlockStoreError) {
        let (kind, id) =
            switch row {
            case .block(let id): (DraftFile.block, id)
            case .zeros: (DraftFile.zeros, BlockID([]))
            }
        var writer = ByteWriter()
        writer.append(DraftFile.crc(index, kind, id))
        writer.append(kind)
        writer.append(id.bytes)
        try file.write(writer.bytes, at: DraftFile.place(of: index))
    }

    func sync() throws(BlockStoreError) { try file.sync() }

    func row(at index: Int) throws(BlockStoreError) -> DraftRow? {
        DraftFile.row(try file.read(count: DraftFile.rowBytes, at: DraftFile.place(of: index)), at: 0, index: index)
    }

    /// Nil for what never was written whole.
    private static func row(_ bytes: [UInt8], at place: Int, index: Int) -> DraftRow? {
        guard place + rowBytes <= bytes.count else { return nil }
        return bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress.map({ $0 + place }) else { return nil }
            let kind = UInt32(littleEndian: start.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            guard kind == block || kind == zeros else { return nil }
            let id = BlockID(loading: start + 8)
            guard UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)) == crc(index, kind, id) else { return nil }
            return kind == zeros ? .zeros : .block(id)
        }
    }

    func rows(from index: Int = 0) -> DraftRows { DraftRows(self, from: index) }

    /// The rows in the next part of the file that has any; where to go on.
    fileprivate func part(from index: Int) throws(BlockStoreError) -> (rows: [(Int, DraftRow)], next: Int)? {
        var sector = index / DraftFile.rowsPerSector
        let start = ManifestHeader.byteCount + sector * DraftFile.sectorBytes
        guard let data = try file.nextData(from: start) else { return nil }
        sector = max(sector, (data - ManifestHeader.byteCount) / DraftFile.sectorBytes)
        let bytes = try file.read(count: 64 << 10, at: ManifestHeader.byteCount + sector * DraftFile.sectorBytes)
        if bytes.isEmpty { return nil }
        var rows: [(Int, DraftRow)] = []
        let sectors = (bytes.count + DraftFile.sectorBytes - 1) / DraftFile.sectorBytes
        for row in 0..<sectors * DraftFile.rowsPerSector {
            let found = sector * DraftFile.rowsPerSector + row
            let place =
                row / DraftFile.rowsPerSector * DraftFile.sectorBytes
                + row % DraftFile.rowsPerSector * DraftFile.rowBytes
            guard found >= index, let row = DraftFile.row(bytes, at: place, index: found) else { continue }
            rows.append((found, row))
        }
        return (rows, (sector + sectors) * DraftFile.rowsPerSector)
    }
}

/// Walks over the rows of a draft that are in its file, in ascending order.
struct DraftRows: Sendable {
    private let file: DraftFile
    private var from: Int
    private var rows: [(Int, DraftRow)] = []
    private var place = 0

    fileprivate init(_ file: DraftFile, from index: Int) { (self.file, from) = (file, index) }

    mutating func next() throws(BlockStoreError) -> (index: Int, row: DraftRow)? {
        while place == rows.count {
            guard let part = try file.part(from: from) else { return nil }
            (rows, from, place) = (part.rows, part.next, 0)
        }
        defer { place += 1 }
        return (rows[place].0, rows[place].1)
    }
}
