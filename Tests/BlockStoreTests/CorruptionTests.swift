// Stored bytes that change: every bit counts, each bad block is told, and the next put of it heals it.

import BlockStore
import CloudTypes
import Foundation
import Glibc
import Testing

@Suite("A stored block whose bits change")
struct CorruptionTests {
    let folder: TemporaryFolder
    let store: BlockStore
    var pack: String { folder.store + "/packs/0000000001.pack" }

    init() throws {
        folder = try TemporaryFolder()
        store = try BlockStore(directory: folder.store)
    }

    private func withPack(_ body: (Int32) throws -> Void) throws {
        let file = open(pack, O_RDWR)
        defer { close(file) }
        try body(file)
    }

    private func flip(_ bit: Int, in file: Int32) {
        var byte: UInt8 = 0
        pread(file, &byte, 1, bit / 8)
        byte ^= 1 << UInt8(bit % 8)
        pwrite(file, &byte, 1, bit / 8)
    }

    private func expectCaught(_ bit: Int, _ id: BlockID, _ snapshot: Snapshot, in file: Int32) {
        flip(bit, in: file)
        let place = "\(pack) at byte 0"
        #expect(throws: BlockStoreError.corruptBlock(id, place: place), "bit \(bit)") { try snapshot.read(at: 0) }
        flip(bit, in: file)
    }

    @Test("is told for each single bit of a small block, header and padding included", arguments: [nil, 3] as [UInt8?])
    func everyBit(keyByte: UInt8?) throws {
        let key = keyByte.map(testKey)
        let snapshot = try store.snapshot(try store.make(1, [0: TestBlocks.plain(1)], key: key), key: key)
        let id = try #require(try snapshot.block(at: 0))
        #expect(store.total().bytes == 4096)
        try withPack { file in
            for bit in 0..<4096 * 8 { expectCaught(bit, id, snapshot, in: file) }
        }
        #expect(try snapshot.read(at: 0) == TestBlocks.plain(1))
    }

    @Test("is not read back where what was put under a key is accounted for")
    func accounts() throws {
        let draft = try store.begin(try snapshotID(1), volumeBytes: Block.byteCount, key: testKey(3))
        try draft.put(TestBlocks.plain(1), at: 0)
        try draft.flush()
        let before = try draft.contents()
        try withPack { file in flip(20_000, in: file) }
        #expect(try draft.contents() == before)
        try draft.commit()
        #expect(throws: BlockStoreError.self) { try store.snapshot(try snapshotID(1), key: testKey(3)).read(at: 0) }
    }

    @Test("is told for bits all over a large block")
    func sampled() throws {
        let snapshot = try store.snapshot(try store.make(1, [0: TestBlocks.random(1)]))
        let id = try #require(try snapshot.block(at: 0))
        var generator = SeededGenerator(5)
        try withPack { file in
            for _ in 0..<200 {
                expectCaught(Int.random(in: 0..<store.total().bytes * 8, using: &generator), id, snapshot, in: file)
            }
        }
    }

    @Test("is told by verifying, each one by its index, and healed by the next put")
    func verified() throws {
        let blocks = Dictionary(uniqueKeysWithValues: (0..<6).map { ($0, TestBlocks.plain($0 + 1)) })
        let draft = try store.begin(try snapshotID(1), volumeBytes: 64 * Block.byteCount)
        for index in 0..<6 { try draft.put(try #require(blocks[index]), at: index) }
        try draft.commit()
        #expect(try store.verify(draft.id) { _ in } == Verification(blocks: 6))
        try withPack { file in
            flip((1 * 4096 + 90) * 8, in: file)
            flip((4 * 4096 + 10) * 8, in: file)
        }
        var bad: [Int] = []
        #expect(try store.verify(draft.id) { bad.append($0.index) } == Verification(blocks: 6, badBlocks: 2))
        #expect(bad == [1, 4])
        try store.make(2, blocks)
        #expect(try store.verify(draft.id) { _ in } == Verification(blocks: 6))
        #expect(try store.contents(draft.id) == blocks)
        try store.collect()
        let copy = folder.path + "/copy"
        try copyFolder(folder.store, to: copy)
        #expect(try BlockStore(directory: copy).contents(draft.id) == blocks)
    }

    @Test("leaves the blocks around it readable when the store is opened again, and is never taken for another")
    func reopened() throws {
        let draft = try store.begin(try snapshotID(1), volumeBytes: 64 * Block.byteCount)
        for index in 0..<8 {
            try draft.put(TestBlocks.plain(index + 1), at: index)
            try draft.flush()
        }
        try draft.commit()
        for place in [0, 4096 * 3 + 5, 4096 * 5 + 40] {
            let copy = try TemporaryFolder()
            try copyFolder(folder.store, to: copy.store)
            let file = open(copy.store + "/packs/0000000001.pack", O_RDWR)
            defer { close(file) }
            flip(place * 8, in: file)
            let again = try BlockStore(directory: copy.store)
            let damaged = TestBlocks.checksum(TestBlocks.plain(place / 4096 + 1))
            for index in 0..<8 where index != place / 4096 {
                #expect(try again.snapshot(draft.id).read(at: index) == TestBlocks.plain(index + 1))
            }
            #expect(throws: BlockStoreError.missingBlock(damaged)) {
                try again.snapshot(draft.id).read(at: place / 4096)
            }
            try again.collect()
            try again.make(2, [0: TestBlocks.plain(place / 4096 + 1)])
            #expect(try again.verify(draft.id) { _ in }.badBlocks == 0)
        }
    }
}
