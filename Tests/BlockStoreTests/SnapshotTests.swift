// What a snapshot is: its blocks, whole, whatever else is made and deleted.

import BlockStore
import Crypto
import CloudTypes
import Testing

@Suite("A snapshot")
struct SnapshotTests {
    let folder: TemporaryFolder
    let store: BlockStore

    init() throws {
        folder = try TemporaryFolder()
        store = try BlockStore(directory: folder.store)
    }

    @Test("reads back what was put, and zeros elsewhere")
    func readsBack() throws {
        let blocks = [0: TestBlocks.plain(1), 5: TestBlocks.random(2), 63: TestBlocks.plain(3)]
        let id = try store.make(1, blocks)
        #expect(try store.contents(id) == blocks)
        let snapshot = try store.snapshot(id)
        #expect(try snapshot.block(at: 5) == TestBlocks.checksum(TestBlocks.random(2)))
        #expect(try snapshot.block(at: 6) == nil)
        #expect(try snapshot.read(at: 6) == TestBlocks.zeros)
        #expect(snapshot.blockCount == 64)
        #expect(snapshot.storedBlockCount == 3)
        #expect(throws: BlockStoreError.indexOutOfRange(64, blockCount: 64)) { try snapshot.read(at: 64) }
    }

    @Test("stores a block once, however often it is put, and zeros never")
    func shares() throws {
        let draft = try store.begin(try snapshotID(1), volumeBytes: 8 * Block.byteCount)
        #expect(try draft.put(TestBlocks.plain(1), at: 0) == .stored)
        #expect(try draft.put(TestBlocks.plain(1), at: 1) == .shared)
        #expect(try draft.put(TestBlocks.zeros, at: 2) == .zeros)
        try draft.commit()
        #expect(store.total() == BlockSum(blocks: 1, bytes: 4096))
        #expect(try store.snapshot(draft.id).storedBlockCount == 2)
    }

    @Test("takes compressible blocks in little space, others in hardly more than theirs")
    func space() throws {
        try store.make(1, [0: TestBlocks.random(1)])
        #expect(store.total().bytes == Block.byteCount + 4096)
    }

    @Test("holds the later of two blocks that were put at an index, also after a flush")
    func later() throws {
        let draft = try store.begin(try snapshotID(1), volumeBytes: 8 * Block.byteCount)
        try draft.put(TestBlocks.plain(1), at: 3)
        try draft.flush()
        try draft.put(TestBlocks.plain(2), at: 3)
        try draft.put(TestBlocks.plain(3), at: 4)
        try draft.flush()
        try draft.put(TestBlocks.zeros, at: 4)
        try draft.commit()
        #expect(try store.contents(draft.id) == [3: TestBlocks.plain(2)])
    }

    @Test("refuses a block whose checksum is another, of another length, or behind the volume's end")
    func refusals() throws {
        let draft = try store.begin(try snapshotID(1), volumeBytes: 8 * Block.byteCount + 1)
        let block = TestBlocks.plain(1)
        let other = TestBlocks.checksum(TestBlocks.plain(2))
        #expect(throws: BlockStoreError.checksumMismatch(index: 0)) { try draft.put(block, at: 0, checksum: other) }
        #expect(throws: BlockStoreError.checksumMismatch(index: 0)) {
            try draft.put(TestBlocks.zeros, at: 0, checksum: other)
        }
        #expect(throws: BlockStoreError.notABlock(byteCount: 512)) { try draft.put(Array(block.prefix(512)), at: 0) }
        #expect(throws: BlockStoreError.indexOutOfRange(9, blockCount: 9)) { try draft.put(block, at: 9) }
        try draft.put(TestBlocks.zeros, at: 0, checksum: Block.zeroChecksum)
        try draft.put(block, at: 8, checksum: TestBlocks.checksum(block))
        try draft.commit()
        #expect(throws: BlockStoreError.noSuchDraft(draft.id)) { try draft.put(block, at: 0) }
        #expect(throws: BlockStoreError.noSuchDraft(draft.id)) { try draft.commit() }
        #expect(throws: BlockStoreError.snapshotExists(draft.id)) { try store.begin(draft.id, volumeBytes: 1) }
        #expect(throws: BlockStoreError.sizeOutOfRange(0)) { try store.begin(try snapshotID(2), volumeBytes: 0) }
    }

    @Test("made from another has its blocks except where something was put, and stands without it")
    func parent() throws {
        let first = try store.make(1, [0: TestBlocks.plain(1), 1: TestBlocks.plain(2), 2: TestBlocks.plain(3)])
        let second = try store.make(
            2, [1: TestBlocks.plain(4), 2: TestBlocks.zeros, 9: TestBlocks.plain(5)], parent: 1)
        let expected = [0: TestBlocks.plain(1), 1: TestBlocks.plain(4), 9: TestBlocks.plain(5)]
        #expect(try store.contents(second) == expected)
        try store.delete(first)
        try store.collect()
        #expect(try store.contents(second) == expected)
        #expect(store.total().blocks == 3)
    }

    @Test("made from another that is deleted meanwhile still has its blocks, also after opening anew")
    func parentGone() throws {
        let first = try store.make(1, [0: TestBlocks.plain(1)])
        let other = try TemporaryFolder()
        _ = try store.begin(try snapshotID(2), volumeBytes: 64 * Block.byteCount, parent: first)
        try store.delete(first)
        try store.collect()
        #expect(store.snapshots() == [])
        #expect(throws: BlockStoreError.alreadyInUse(pid: ProcessID.own)) { try BlockStore(directory: folder.store) }
        let again = try reopened(other)
        try again.collect()
        try again.draft(try snapshotID(2)).commit()
        #expect(try again.contents(try snapshotID(2)) == [0: TestBlocks.plain(1)])
    }

    /// A copy of the folder as it is now, opened as after a crash.
    private func reopened(_ other: TemporaryFolder) throws -> BlockStore {
        try copyFolder(folder.store, to: other.store)
        return try BlockStore(directory: other.store)
    }

    @Test("made from a larger one has nothing behind its own end")
    func smaller() throws {
        try store.make(1, [0: TestBlocks.plain(1), 40: TestBlocks.plain(2)])
        let second = try store.make(2, [:], blockCount: 40, parent: 1)
        #expect(try store.contents(second) == [0: TestBlocks.plain(1)])
    }

    @Test("tells what changed to another, page by page")
    func changes() throws {
        let first = try store.make(1, [0: TestBlocks.plain(1), 1: TestBlocks.plain(2), 2: TestBlocks.plain(3)])
        let second = try store.make(
            2, [1: TestBlocks.plain(4), 2: TestBlocks.zeros, 9: TestBlocks.plain(5)], parent: 1)
        let expected = [
            BlockChange(index: 1, first: checksum(2), second: checksum(4)),
            BlockChange(index: 2, first: checksum(3), second: nil),
            BlockChange(index: 9, first: nil, second: checksum(5)),
        ]
        for start in 0..<12 {
            var changes = try store.snapshot(first).changes(to: store.snapshot(second), from: start)
            var found: [BlockChange] = []
            while let change = try changes.next() { found.append(change) }
            #expect(found == expected.filter { $0.index >= start })
        }
    }

    private func checksum(_ number: Int) -> BlockID { TestBlocks.checksum(TestBlocks.plain(number)) }

    @Test("of many blocks is read by index, walked from any index, and is as large as EC2's largest volume")
    func many() throws {
        let id = try snapshotID(1)
        let draft = try store.begin(id, volumeBytes: Block.limit * Block.byteCount)
        var expected: [Int: BlockID] = [:]
        var generator = SeededGenerator(7)
        let blocks = (1...3).map(TestBlocks.plain)
        let indexes =
            (0..<700).map { $0 * 3 } + (0..<500).map { _ in Int.random(in: 0..<Block.limit, using: &generator) }
        for index in indexes.shuffled(using: &generator) + [Block.limit - 1] {
            try draft.put(blocks[index % 3], at: index)
            expected[index] = TestBlocks.checksum(blocks[index % 3])
        }
        #expect(try draft.progress() == .init(indexes: expected.count, lastIndex: Block.limit - 1))
        try draft.commit()
        let snapshot = try store.snapshot(id)
        let rows = expected.sorted { $0.key < $1.key }.map { BlockRow(index: $0.key, id: $0.value) }
        for row in rows {
            #expect(try snapshot.block(at: row.index) == row.id)
            let next = row.index + 1
            if next < Block.limit { #expect(try snapshot.block(at: next) == expected[next]) }
        }
        for start in [0, 1, 2, 338, 339, 340, 2097, 2098, 5_000_000, Block.limit - 1] {
            var walk = try snapshot.blocks(from: start)
            var found: [BlockRow] = []
            while let row = try walk.next() { found.append(row) }
            #expect(found == rows.filter { $0.index >= start })
        }
    }

    @Test("that is not there, or not any more, is refused by name")
    func absent() throws {
        let id = try snapshotID(1)
        #expect(throws: BlockStoreError.noSuchSnapshot(id)) { try store.snapshot(id) }
        #expect(throws: BlockStoreError.noSuchSnapshot(id)) { try store.delete(id) }
        #expect(throws: BlockStoreError.noSuchDraft(id)) { try store.draft(id) }
        #expect(throws: BlockStoreError.noSuchDraft(id)) { try store.discard(id) }
        #expect(throws: BlockStoreError.noSuchSnapshot(id)) {
            try store.begin(try snapshotID(2), volumeBytes: 1, parent: id)
        }
        #expect(store.drafts() == [])
        try store.make(1, [:])
        try store.delete(id)
        #expect(throws: BlockStoreError.noSuchSnapshot(id)) { try store.snapshot(id) }
    }

    @Test("in the making accounts for what was put, zeros included, whatever it began as", arguments: [false, true])
    func accounts(isEncrypted: Bool) throws {
        let key = isEncrypted ? testKey(1) : nil
        let parent = try store.make(1, [0: TestBlocks.plain(9), 5: TestBlocks.plain(8)], key: key)
        let draft = try store.begin(try snapshotID(2), volumeBytes: 8 * Block.byteCount, parent: parent, key: key)
        try draft.put(TestBlocks.plain(1), at: 7)
        try draft.put(TestBlocks.zeros, at: 0)
        try draft.put(TestBlocks.plain(2), at: 3)
        try draft.put(TestBlocks.plain(3), at: 3)
        let checksums = [TestBlocks.zeros, TestBlocks.plain(3), TestBlocks.plain(1)].flatMap {
            TestBlocks.checksum($0).bytes
        }
        let contents = try draft.contents()
        #expect(contents.count == 3 && contents.checksum == Array(SHA256.hash(data: checksums)))
    }
}
