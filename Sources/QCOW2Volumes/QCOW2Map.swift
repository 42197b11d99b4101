// Which clusters a qcow2 file has by itself, read beside whoever has it open: what was not flushed yet is missed.
// Follows: QEMU documentation, "Qcow2 image file format" (version 3), L1 and L2 tables.

import Backends
import DiskFormats
import HostSystem

struct QCOW2Map {
    private let file: OwnedDescriptor
    private let clusterBits: Int
    /// Where the L2 tables lie; 0: there is none.
    private let tables: [Int]

    init(_ file: OwnedDescriptor) throws(VolumeBackendError) {
        let header = try VolumeDirectory.read(file, at: 0, count: 48)
        guard header.count == 48, header.starts(with: QCOW2Header.magic) else { throw .hostFailed("no qcow2 header") }
        self.file = file
        clusterBits = Int(header.bigEndian(at: 20, width: 4))
        let count = Int(header.bigEndian(at: 36, width: 4))
        guard 9...21 ~= clusterBits, count <= 1 << 20 else { throw .hostFailed("an unlikely qcow2 header") }
        let place = Int(truncatingIfNeeded: header.bigEndian(at: 40, width: 8))
        let entries = try VolumeDirectory.read(file, at: place, count: count * 8)
        tables = (0..<entries.count / 8).map { QCOW2Map.place(entries.bigEndian(at: $0 * 8, width: 8)) }
    }

    /// How many of the clusters are the file's own, be it that they are said to be zeros.
    ///
    /// - Parameter clusters: in ascending order.
    func count(of clusters: [Int]) throws(VolumeBackendError) -> Int {
        let entriesPerTable = 1 << (clusterBits - 3)
        var (count, loaded, table) = (0, -1, [UInt8]())
        for cluster in clusters {
            let index = cluster / entriesPerTable
            guard index < tables.count, tables[index] > 0 else { continue }
            if index != loaded {
                table = try VolumeDirectory.read(file, at: tables[index], count: 1 << clusterBits)
                loaded = index
            }
            let offset = cluster % entriesPerTable * 8
            guard offset + 8 <= table.count else { continue }
            let entry = table.bigEndian(at: offset, width: 8)
            if QCOW2Map.place(entry) != 0 || entry & 1 != 0 { count += 1 }
        }
        return count
    }

    private static func place(_ entry: UInt64) -> Int { Int(entry & 0x00ff_ffff_ffff_fe00) }
}
