import BlockStore
import CloudTypes
import Foundation
import KeyRing
import Logging
import NodeContract
import Testing

@testable import NodeAgent

@Suite("Snapshots on a node")
struct SnapshotStoreTests {
    @Test("are begun once by callers that come at the same time, who all go on with the same")
    func beginnings() async throws {
        let folder = NSTemporaryDirectory() + "apus-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try SnapshotStore(
            directory: "\(folder)/snapshots", keys: try KeyRing(directory: "\(folder)/keys"),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            let snapshot = SnapshotBytes(SnapshotID(from: &generator))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<4 {
                    group.addTask {
                        try await store.call(snapshot.id) { _ throws(BlockStoreError) in
                            let draft = try store.draft(of: snapshot, volumeBytes: 1 << 30, parent: nil)
                            try draft.put([UInt8](repeating: 7, count: Block.byteCount), at: index)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let count = try await store.call(snapshot.id) { _ throws(BlockStoreError) in
                try store.draft(snapshot).contents().count
            }
            #expect(count == 4)
        }
    }

    @Test("that nobody wants any more fail whatever puts them together, and leave nothing")
    func stopped() async throws {
        let folder = NSTemporaryDirectory() + "apus-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try SnapshotStore(
            directory: "\(folder)/snapshots", keys: try KeyRing(directory: "\(folder)/keys"),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let snapshot = SnapshotBytes(try #require(SnapshotID("snap-0123456789abcdef0")))
        let draft = try await store.call(snapshot.id) { _ throws(BlockStoreError) in
            let draft = try store.draft(of: snapshot, volumeBytes: 1 << 30, parent: nil)
            try draft.put([UInt8](repeating: 7, count: Block.byteCount), at: 0)
            return draft
        }
        await store.stop(snapshot.id)
        await store.stop(snapshot.id)
        let gone = BlockStoreError.noSuchDraft(snapshot.id)
        #expect(throws: gone) { try draft.put([UInt8](repeating: 8, count: Block.byteCount), at: 1) }
        #expect(throws: gone) { try draft.commit() }
        #expect(store.known().isEmpty)
    }
}
