// Many threads on one store: putting, reading, deleting and collecting at once.

import BlockStore
import CloudTypes
import Foundation
import HostSystem
import Synchronization
import Testing

@Suite("A store that many use at once")
struct ConcurrencyTests {
    @Test("stores a block once that many put at the same moment, and flushes them together")
    func sameBlock() async throws {
        let folder = try TemporaryFolder()
        let store = try BlockStore(directory: folder.store)
        let draft = try store.begin(try snapshotID(1), volumeBytes: 512 * Block.byteCount)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    try await HostThread.run { () -> Result<Void, any Error> in
                        Result {
                            for number in 0..<16 {
                                try draft.put(TestBlocks.plain(number), at: worker * 16 + number)
                                try draft.flush()
                            }
                        }
                    }.get()
                }
            }
            try await group.waitForAll()
        }
        try draft.commit()
        #expect(store.total().blocks == 16)
        #expect(try store.snapshot(draft.id).storedBlockCount == 128)
        #expect(try store.verify(draft.id) { _ in }.badBlocks == 0)
    }

    /// Makes, reads and deletes snapshots, each made from the one before.
    private static func work(_ store: BlockStore, worker: Int) throws {
        var generator = SeededGenerator(UInt64(worker))
        var last: Int?
        for round in 0..<12 {
            let number = worker * 1000 + round
            let draft = try store.begin(
                try snapshotID(number), volumeBytes: 32 * Block.byteCount, parent: try last.map(snapshotID))
            var expected = try last.map { try store.contents(try snapshotID($0)) } ?? [:]
            for _ in 0..<6 {
                let index = Int.random(in: 0..<32, using: &generator)
                let block = Int.random(in: 0..<9, using: &generator)
                expected[index] = TestBlocks.plain(block)
                try draft.put(TestBlocks.plain(block), at: index)
            }
            let parent = try last.map { try store.snapshot(try snapshotID($0)) }
            if let last { try store.delete(try snapshotID(last)) }
            try draft.commit()
            if let parent {
                var rows = try parent.blocks()
                while let row = try rows.next() { _ = try parent.read(at: row.index) }
            }
            guard try store.contents(draft.id) == expected else { throw Wrong(snapshot: draft.id) }
            last = number
        }
    }

    private final class End: Sendable { let isDone = Atomic(false) }

    struct Wrong: Error { let snapshot: SnapshotID }

    @Test("collects again and again without taking anything that is in use")
    func collecting() async throws {
        let folder = try TemporaryFolder()
        var options = BlockStore.Options()
        options.packBytes = 32 << 10
        let store = try BlockStore(directory: folder.store, options: options)
        let end = End()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await HostThread.run { () -> Result<Void, any Error> in
                    Result { while !end.isDone.load(ordering: .relaxed) { try store.collect() } }
                }.get()
            }
            let workers = (1...4).map { worker in
                Task {
                    try await HostThread.run { () -> Result<Void, any Error> in
                        Result { try ConcurrencyTests.work(store, worker: worker) }
                    }.get()
                }
            }
            for worker in workers { await #expect(throws: Never.self) { try await worker.value } }
            end.isDone.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
        try store.collect()
        #expect(store.snapshots().count == 4)
        for id in store.snapshots() { #expect(try store.verify(id) { _ in }.badBlocks == 0) }
        #expect(try store.total().blocks == store.namedBlocks())
    }
}
