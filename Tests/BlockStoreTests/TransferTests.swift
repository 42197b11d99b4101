// Snapshots that leave a store as a file and come into another.

import BlockStore
import Foundation
import Testing

@Suite("An exported snapshot")
struct TransferTests {
    let folder: TemporaryFolder
    let store: BlockStore
    let other: BlockStore
    var path: String { folder.path + "/exported" }

    init() throws {
        folder = try TemporaryFolder()
        store = try BlockStore(directory: folder.store)
        other = try BlockStore(directory: folder.path + "/other")
    }

    @Test("comes into another store as it was, plain or encrypted", arguments: [nil, 5] as [UInt8?])
    func roundTrip(keyByte: UInt8?) throws {
        let key = keyByte.map(testKey)
        let blocks = [0: TestBlocks.plain(1), 7: TestBlocks.random(2), 63: TestBlocks.plain(1)]
        let id = try store.make(1, blocks, key: key)
        try store.export(id, key: key, to: path)
        try other.import(try snapshotID(2), key: key, from: path)
        #expect(try other.contents(try snapshotID(2), key: key) == blocks)
        #expect(try other.snapshot(try snapshotID(2), key: key).volumeBytes == 64 * Block.byteCount)
        if key != nil {
            #expect(throws: BlockStoreError.wrongKey(id)) { try other.import(try snapshotID(3), from: path) }
            #expect(other.drafts() == [])
        }
    }

    @Test("that has any byte changed, or its end cut off, is refused and leaves nothing")
    func damaged() throws {
        try store.make(1, [0: TestBlocks.plain(1), 7: TestBlocks.plain(2)])
        try store.export(try snapshotID(1), to: path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var generator = SeededGenerator(3)
        let places = (0..<24).map { _ in Int.random(in: 0..<whole.count, using: &generator) }
        for place in places + Array(4096..<4144) + Array(whole.count - 48..<whole.count) {
            var bytes = whole
            bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(throws: BlockStoreError.self, "byte \(place)") { try other.import(try snapshotID(2), from: path) }
        }
        for count in [0, 4095, 4096, 4100, whole.count - 1] {
            try whole.prefix(count).write(to: URL(fileURLWithPath: path))
            #expect(throws: BlockStoreError.self, "\(count) bytes") {
                try other.import(try snapshotID(2), from: path)
            }
        }
        try (whole + [0]).write(to: URL(fileURLWithPath: path))
        #expect(throws: BlockStoreError.unreadableFile(path: path, reason: "more follows its end")) {
            try other.import(try snapshotID(2), from: path)
        }
        #expect(other.snapshots() == [])
        #expect(other.drafts() == [])
        try whole.write(to: URL(fileURLWithPath: path))
        try other.import(try snapshotID(2), from: path)
        #expect(other.snapshots() == [try snapshotID(2)])
    }

    @Test("of a damaged block is not made")
    func damagedBlock() throws {
        let id = try store.make(1, [0: TestBlocks.plain(1)])
        let pack = folder.store + "/packs/0000000001.pack"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: pack))
        bytes[100] ^= 1
        try bytes.write(to: URL(fileURLWithPath: pack))
        let again = try BlockStore(directory: try copied())
        #expect(throws: BlockStoreError.self) { try again.export(id, to: path) }
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(!FileManager.default.fileExists(atPath: path + ".new"))
    }

    private func copied() throws -> String {
        let target = folder.path + "/copy"
        try copyFolder(folder.store, to: target)
        return target
    }
}
