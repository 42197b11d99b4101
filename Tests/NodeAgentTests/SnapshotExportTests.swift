import BlockStore
import CloudTypes
import Foundation
import KeyRing
import Logging
import NBD
import NodeContract
import Testing

@testable import NodeAgent

@Suite("A snapshot as its volume is fed with it")
struct SnapshotExportTests {
    @Test("reads as its blocks, in any parts, and tells of the holes between them")
    func feeds() async throws {
        let id = SnapshotID("snap-0123456789abcdef0")!
        let block = (0..<Block.byteCount).map { UInt8(truncatingIfNeeded: $0 >> 9) }
        let folder = NSTemporaryDirectory() + "apus-export-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try SnapshotStore(
            directory: "\(folder)/snapshots", keys: try KeyRing(directory: "\(folder)/keys"),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await store.call(id) { _ throws(BlockStoreError) in
            let draft = try store.draft(of: SnapshotBytes(id), volumeBytes: 1 << 30, parent: nil)
            for index in [1, 2, 5] { try draft.put(block, at: index) }
            try draft.commit()
        }
        do {
            let source = try FeedSource(SnapshotBytes(id), atMost: 0, in: store, windows: MomentWindows())
            let export = SnapshotExport(source, pace: Pace(rate: nil)) { _ in }
            #expect(export.size == 1 << 30)
            let unit = Block.byteCount
            #expect(
                export.extents(at: unit / 2, length: 6 * unit) == [
                    NBDExtent(length: unit / 2, flags: 3), NBDExtent(length: 2 * unit, flags: 0),
                    NBDExtent(length: 2 * unit, flags: 3), NBDExtent(length: unit, flags: 0),
                    NBDExtent(length: unit / 2, flags: 3),
                ])
            let whole =
                [UInt8](repeating: 0, count: unit) + block + block + [UInt8](repeating: 0, count: 2 * unit) + block
            for (offset, count) in [
                (0, whole.count), (unit - 4096, 8192), (2 * unit - 512, unit + 1024), (5 * unit, 1),
            ] {
                var bytes = [UInt8](repeating: 0xff, count: count)
                try bytes.withUnsafeMutableBytes { try export.read(at: offset, into: $0) }
                #expect(bytes == Array(whole[offset..<offset + count]))
            }
        }
    }
}
