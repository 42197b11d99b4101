// Opening a store: who may, what is found there, and what is made of it.

import BlockStore
import Foundation
import Testing

@Suite("Opening a block store")
struct OpeningTests {
    private func put(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test("finds snapshots and drafts again, and makes private files")
    func again() throws {
        let folder = try TemporaryFolder()
        let blocks = [0: TestBlocks.plain(1), 1: TestBlocks.random(2)]
        do {
            let store = try BlockStore(directory: folder.store)
            try store.make(1, blocks)
            let draft = try store.begin(try snapshotID(2), volumeBytes: 4 * Block.byteCount)
            try draft.put(TestBlocks.plain(3), at: 2)
            try draft.put(TestBlocks.zeros, at: 3)
            try draft.flush()
            try draft.put(TestBlocks.plain(4), at: 1)
        }
        let store = try BlockStore(directory: folder.store)
        #expect(store.snapshots() == [try snapshotID(1)])
        #expect(try store.contents(try snapshotID(1)) == blocks)
        #expect(store.drafts() == [try snapshotID(2)])
        let draft = try store.draft(try snapshotID(2))
        #expect(try [0, 1, 2, 3].map { try draft.contains($0) } == [false, false, true, true])
        #expect(try draft.progress() == .init(indexes: 2, lastIndex: 3))
        try draft.commit()
        #expect(try store.contents(draft.id) == [2: TestBlocks.plain(3)])
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.store) {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.store + "/" + name)
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode & 0o077 == 0, "\(name)")
        }
    }

    @Test("is refused while another has it open, telling who")
    func lock() throws {
        let folder = try TemporaryFolder()
        var first: BlockStore? = try BlockStore(directory: folder.store)
        #expect(first?.snapshots() == [])
        #expect(throws: BlockStoreError.alreadyInUse(pid: ProcessID.own)) { try BlockStore(directory: folder.store) }
        first = nil
        _ = try BlockStore(directory: folder.store)
    }

    @Test("is refused for a newer format, whatever else is in it, and for a damaged one")
    func format() throws {
        let folder = try TemporaryFolder()
        _ = try BlockStore(directory: folder.store)
        let path = folder.store + "/format"
        let good = try String(contentsOfFile: path, encoding: .utf8)
        try put("Apus block store, format 7\nanything", path)
        #expect(throws: BlockStoreError.newerFormat(7)) { try BlockStore(directory: folder.store) }
        try put(good.replacing("seed ", with: "seed 1"), path)
        #expect(throws: BlockStoreError.notAStore(path: folder.store, reason: "its format file is damaged")) {
            try BlockStore(directory: folder.store)
        }
        try put(good, path)
        _ = try BlockStore(directory: folder.store)
    }

    @Test("is refused for a folder of something else, and where the format file of a store is missing")
    func foreign() throws {
        let folder = try TemporaryFolder()
        try put("x", folder.path + "/photo")
        #expect(
            throws: BlockStoreError.notAStore(
                path: folder.path, reason: "it has other files, and no format file")
        ) { try BlockStore(directory: folder.path) }
        do { try BlockStore(directory: folder.store).make(1, [0: TestBlocks.plain(1)]) }
        try FileManager.default.removeItem(atPath: folder.store + "/format")
        #expect(throws: BlockStoreError.notAStore(path: folder.store, reason: "its format file is missing")) {
            try BlockStore(directory: folder.store)
        }
    }

    @Test("reads packs that have lost their index files, or have damaged ones", arguments: [false, true])
    func indexes(damaged: Bool) throws {
        let folder = try TemporaryFolder()
        var options = BlockStore.Options()
        options.packBytes = 16 << 10
        let blocks = Dictionary(uniqueKeysWithValues: (0..<20).map { ($0, TestBlocks.plain($0)) })
        do { try BlockStore(directory: folder.store, options: options).make(1, blocks) }
        let packs = folder.store + "/packs/"
        let names = try FileManager.default.contentsOfDirectory(atPath: packs).filter { $0.hasSuffix(".index") }
        #expect(names.count == 4)
        for name in names {
            if damaged {
                var bytes = try Data(contentsOf: URL(fileURLWithPath: packs + name))
                bytes[20] ^= 4
                try bytes.write(to: URL(fileURLWithPath: packs + name))
            } else {
                try FileManager.default.removeItem(atPath: packs + name)
            }
        }
        let store = try BlockStore(directory: folder.store, options: options)
        #expect(try store.contents(try snapshotID(1)) == blocks)
        #expect(store.total().blocks == 20)
    }
}
