// What is given back, what is kept, and what is told about it.

import BlockStore
import CloudTypes
import Foundation
import Testing

@Suite("Collecting blocks")
struct CollectionTests {
    let folder: TemporaryFolder
    let store: BlockStore

    init() throws {
        folder = try TemporaryFolder()
        store = try BlockStore(directory: folder.store)
    }

    /// What the packs take on the disk.
    private func diskBytes() throws -> Int {
        let packs = folder.store + "/packs/"
        return try FileManager.default.contentsOfDirectory(atPath: packs).reduce(0) { sum, name in
            var status = stat()
            guard stat(packs + name, &status) == 0 else { return sum }
            return sum + Int(status.st_blocks) * 512
        }
    }

    @Test("gives back what only deleted snapshots had, tells it before, and keeps the rest", arguments: [1, 2, 3])
    func order(first: Int) throws {
        let shared = TestBlocks.random(100)
        for number in 1...3 { try store.make(number, [0: shared, number: TestBlocks.random(number)]) }
        #expect(try store.explain() == BlockSum())
        #expect(try store.collect() == BlockSum())
        let record = Block.byteCount + 4096
        let before = try diskBytes()
        try store.delete(try snapshotID(first))
        #expect(try store.explain() == BlockSum(blocks: 1, bytes: record))
        #expect(store.total().blocks == 4)
        #expect(try store.collect() == BlockSum(blocks: 1, bytes: record))
        #expect(store.total() == BlockSum(blocks: 3, bytes: 3 * record))
        #expect(try before - diskBytes() >= record - 16384)
        for number in 1...3 where number != first {
            let expected = [0: shared, number: TestBlocks.random(number)]
            #expect(try store.contents(try snapshotID(number)) == expected)
            try store.delete(try snapshotID(number))
        }
        #expect(try store.collect().blocks == 3)
        #expect(try diskBytes() == 0)
        #expect(store.total() == BlockSum())
    }

    @Test("keeps the blocks of drafts, of their parents, and of snapshots that are being read")
    func inUse() throws {
        let read = try store.make(1, [0: TestBlocks.plain(1)])
        let parent = try store.make(2, [0: TestBlocks.plain(2)])
        let waiting = try store.begin(try snapshotID(3), volumeBytes: 64 * Block.byteCount, parent: parent)
        try waiting.put(TestBlocks.plain(3), at: 1)
        let flushed = try store.begin(try snapshotID(4), volumeBytes: 64 * Block.byteCount)
        try flushed.put(TestBlocks.plain(4), at: 1)
        try flushed.flush()
        var reader: Snapshot? = try store.snapshot(read)
        try store.delete(read)
        try store.delete(parent)
        #expect(try store.collect() == BlockSum())
        #expect(try reader?.read(at: 0) == TestBlocks.plain(1))
        reader = nil
        #expect(try store.collect().blocks == 1)
        try waiting.commit()
        #expect(try store.contents(waiting.id) == [0: TestBlocks.plain(2), 1: TestBlocks.plain(3)])
        try flushed.discard()
        #expect(try store.collect().blocks == 1)
    }

    @Test("lets a collected block be put again, and finds what is left after opening anew")
    func putAgain() throws {
        try store.make(1, [0: TestBlocks.plain(1), 1: TestBlocks.plain(2)])
        try store.make(2, [1: TestBlocks.plain(2)])
        try store.delete(try snapshotID(1))
        try store.collect()
        let copy = try TemporaryFolder()
        try copyFolder(folder.store, to: copy.store)
        for store in [store, try BlockStore(directory: copy.store)] {
            #expect(store.total().blocks == 1)
            try store.make(3, [5: TestBlocks.plain(1)])
            #expect(try store.contents(try snapshotID(3)) == [5: TestBlocks.plain(1)])
            #expect(try store.contents(try snapshotID(2)) == [1: TestBlocks.plain(2)])
        }
    }

    @Test("tells of a snapshot its full size and what is stored for it alone")
    func figures() throws {
        let shared = TestBlocks.random(1)
        try store.make(1, [0: shared, 1: TestBlocks.random(2), 2: TestBlocks.random(2)])
        try store.make(2, [0: shared])
        let record = Block.byteCount + 4096
        #expect(
            try store.figures(of: try snapshotID(1))
                == SnapshotFigures(
                    full: BlockSum(blocks: 3, bytes: 3 * Block.byteCount), alone: BlockSum(blocks: 1, bytes: record)))
        #expect(try store.figures(of: try snapshotID(2)).alone == BlockSum())
        try store.delete(try snapshotID(1))
        #expect(try store.figures(of: try snapshotID(2)).alone == BlockSum(blocks: 1, bytes: record))
        #expect(throws: BlockStoreError.noSuchSnapshot(try snapshotID(1))) {
            try store.figures(of: try snapshotID(1))
        }
    }

    @Test("gives nothing back while a manifest cannot be read, since nobody knows what it names")
    func damagedManifest() throws {
        let id = try store.make(1, [0: TestBlocks.plain(1)])
        try store.make(2, [0: TestBlocks.plain(2)])
        try store.delete(try snapshotID(2))
        let path = folder.store + "/snapshots/\(id)"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[5000] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(throws: BlockStoreError.corruptManifest(id, reason: "page 0 is damaged")) { try store.collect() }
        #expect(throws: BlockStoreError.corruptManifest(id, reason: "page 0 is damaged")) { try store.contents(id) }
        #expect(store.total().blocks == 2)
        try store.delete(id)
        #expect(try store.collect().blocks == 2)
    }
}
