// Snapshots under a key: unreadable without it, sharing nothing with others.

import BlockStore
import Foundation
import Testing

@Suite("An encrypted snapshot")
struct EncryptionTests {
    let folder: TemporaryFolder
    let store: BlockStore

    init() throws {
        folder = try TemporaryFolder()
        store = try BlockStore(directory: folder.store)
    }

    @Test("reads back with its key, also when opened anew, and with no other")
    func readsBack() throws {
        let blocks = [0: TestBlocks.plain(1), 1: TestBlocks.random(2)]
        let id = try store.make(1, blocks, key: testKey(1))
        #expect(try store.contents(id, key: testKey(1)) == blocks)
        for key in [nil, testKey(2)] {
            #expect(throws: BlockStoreError.wrongKey(id)) { try store.snapshot(id, key: key) }
            #expect(throws: BlockStoreError.wrongKey(id)) {
                try store.begin(try snapshotID(2), volumeBytes: 1, parent: id, key: key)
            }
        }
        let plain = try store.make(3, blocks)
        #expect(throws: BlockStoreError.wrongKey(plain)) { try store.snapshot(plain, key: testKey(1)) }
        #expect(try store.verify(id, key: testKey(1)) { _ in } == Verification(blocks: 2, badBlocks: 0))
    }

    @Test("shares blocks with those of the same key only, and has names that tell nothing across keys")
    func shares() throws {
        let block = [0: TestBlocks.plain(1)]
        try store.make(1, block)
        let first = try store.make(2, block, key: testKey(1))
        try store.make(3, block, key: testKey(1))
        let second = try store.make(4, block, key: testKey(2))
        #expect(store.total().blocks == 3)
        let names = [
            TestBlocks.checksum(TestBlocks.plain(1)), try store.snapshot(first, key: testKey(1)).block(at: 0),
            try store.snapshot(second, key: testKey(2)).block(at: 0),
        ]
        #expect(Set(names).count == 3)
    }

    @Test("leaves neither its bytes, nor their checksum, nor its key in any file")
    func nothingClear() throws {
        let block = TestBlocks.random(9)
        try store.make(1, [0: block], key: testKey(77))
        let needles = [
            Data(block[1000..<1032]), Data(TestBlocks.checksum(block).bytes), Data(repeating: 77, count: 32),
        ]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.store) {
            let url = URL(fileURLWithPath: folder.store + "/" + name)
            guard let contents = try? Data(contentsOf: url) else { continue }
            for needle in needles { #expect(contents.range(of: needle) == nil, "\(name)") }
        }
    }

    @Test("is told apart from one under another key by its bytes", arguments: [nil, 2] as [UInt8?])
    func changes(keyByte: UInt8?) throws {
        let other = keyByte.map(testKey)
        let (same, mine, theirs) = (TestBlocks.plain(1), TestBlocks.random(2), TestBlocks.random(3))
        let first = try store.make(1, [0: same, 1: mine, 2: mine, 5: same], key: testKey(1))
        let second = try store.make(2, [0: same, 1: theirs, 3: mine, 5: same], key: other)
        var changes = try store.snapshot(first, key: testKey(1)).changes(to: store.snapshot(second, key: other))
        var found: [Int: [Bool]] = [:]
        while let change = try changes.next() { found[change.index] = [change.first != nil, change.second != nil] }
        #expect(found == [1: [true, true], 2: [true, false], 3: [false, true]])
    }

    @Test(
        "is copied from one key, or none, to another: the same bytes, none of them shared",
        arguments: [
            (nil, 2), (1, nil), (1, 2),
        ] as [(UInt8?, UInt8?)])
    func copied(from: UInt8?, to: UInt8?) throws {
        let (from, to) = (from.map(testKey), to.map(testKey))
        let blocks = [0: TestBlocks.plain(1), 7: TestBlocks.random(2), 63: TestBlocks.plain(3)]
        let source = try store.make(1, blocks, key: from)
        let copy = try snapshotID(2)
        let draft = try store.begin(copy, volumeBytes: 64 * Block.byteCount, key: to)
        try draft.put(try store.snapshot(source, key: from))
        try draft.commit()
        #expect(store.total().blocks == 6)
        try store.delete(source)
        _ = try store.collect()
        #expect(try store.contents(copy, key: to) == blocks)
        #expect(throws: BlockStoreError.wrongKey(copy)) { try store.snapshot(copy, key: from) }
    }

    @Test("is copied on where the copying was cut off, and what was put is not put again")
    func copiedOn() throws {
        let blocks = [0: TestBlocks.plain(1), 7: TestBlocks.random(2)]
        let source = try store.make(1, blocks)
        let begun = try store.begin(try snapshotID(2), volumeBytes: 64 * Block.byteCount, key: testKey(1))
        // Other bytes than the source's: they show that the block was left as it was.
        try begun.put(TestBlocks.plain(9), at: 7)
        try begun.flush()
        let draft = try store.draft(try snapshotID(2), key: testKey(1))
        try draft.put(try store.snapshot(source))
        try draft.commit()
        #expect(
            try store.contents(try snapshotID(2), key: testKey(1)) == [0: TestBlocks.plain(1), 7: TestBlocks.plain(9)])
    }

    @Test("in the making is gone on with its key only")
    func draft() throws {
        let id = try snapshotID(1)
        let draft = try store.begin(id, volumeBytes: Block.byteCount, key: testKey(1))
        #expect(throws: BlockStoreError.wrongKey(id)) { try store.draft(id) }
        try store.draft(id, key: testKey(1)).put(TestBlocks.plain(1), at: 0)
        try draft.commit()
        #expect(try store.contents(id, key: testKey(1)) == [0: TestBlocks.plain(1)])
    }
}
