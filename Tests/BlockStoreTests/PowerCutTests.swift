// Power that goes, and disks that fail, at every operation of a course of calls.

import BlockStore
import CloudTypes
import Foundation
import Synchronization
import Testing

@Suite("A store on a disk that loses what was not synced")
struct PowerCutTests {
    private static let steps = 28

    static var options: BlockStore.Options {
        var options = BlockStore.Options()
        options.packBytes = 24 << 10
        return options
    }

    private func open(_ disk: FaultDisk) throws -> BlockStore {
        try BlockStore(directory: "/store", disk: disk, options: PowerCutTests.options)
    }

    /// How many operations a course takes when nothing fails.
    private func operations(_ seed: UInt64) throws -> Int {
        let disk = FaultDisk()
        var history = History(seed: seed)
        try history.run(try open(disk), steps: PowerCutTests.steps, stop: true)
        return disk.operations
    }

    @Test("finds all that was acknowledged after power went at any operation", arguments: 1...4 as ClosedRange<UInt64>)
    func everyOperation(seed: UInt64) throws {
        for moment in 1...(try operations(seed)) {
            let disk = FaultDisk()
            disk.set(.crash(at: moment))
            var history = History(seed: seed)
            if let store = try? open(disk) { try history.run(store, steps: PowerCutTests.steps, stop: true) }
            #expect(disk.hasCrashed)
            let loss = Loss.allCases[moment % 3]
            let found = disk.afterCrash(loss, seed: seed &* 1000 &+ UInt64(moment))
            try history.check(try open(found), "seed \(seed), operation \(moment), \(loss)")
        }
    }

    @Test("finds all that was acknowledged after power went a second time while it recovered")
    func twice() throws {
        let seed: UInt64 = 11
        for moment in stride(from: 5, through: try operations(seed), by: 7) {
            let disk = FaultDisk()
            disk.set(.crash(at: moment))
            var history = History(seed: seed)
            if let store = try? open(disk) { try history.run(store, steps: PowerCutTests.steps, stop: true) }
            let first = disk.afterCrash(.some, seed: UInt64(moment))
            for second in 1...8 {
                let again = FaultDisk(first.state.withLock { $0 })
                again.set(.crash(at: second))
                let note: Comment = "operation \(moment), then \(second)"
                if let store = try? open(again) { _ = try? store.collect() }
                try history.check(try open(again.afterCrash(.some, seed: UInt64(moment * 10 + second))), note)
            }
        }
    }

    @Test("loses nothing acknowledged where any one operation fails", arguments: [7, 8] as [UInt64])
    func oneFails(seed: UInt64) throws {
        for moment in 1...(try operations(seed)) {
            let error: BlockStoreError = moment % 2 == 0 ? .full : .failed(call: "test", errno: 5)
            let disk = FaultDisk()
            disk.set(.fail(at: moment, error))
            var history = History(seed: seed)
            if let store = try? open(disk) { try history.run(store, steps: PowerCutTests.steps, stop: false) }
            disk.set(.none)
            let note: Comment = "seed \(seed), operation \(moment), \(error)"
            try history.check(try open(disk.afterCrash(.some, seed: UInt64(moment))), note)
        }
    }

    @Test("that is full says so, stays whole, takes deletions, and goes on once there is space again")
    func full() throws {
        let seed: UInt64 = 9
        for moment in stride(from: 20, through: try operations(seed), by: 3) {
            let disk = FaultDisk()
            let store = try open(disk)
            disk.set(.full(from: moment))
            var history = History(seed: seed)
            try history.run(store, steps: PowerCutTests.steps, stop: false)
            let blocked = #expect(throws: BlockStoreError.self) {
                _ = try store.begin(try snapshotID(9999), volumeBytes: 1)
            }
            #expect(blocked == .full, "operation \(moment)")
            disk.set(.none)
            try history.run(store, steps: 12, stop: true)
            try history.check(store, "operation \(moment)")
        }
    }

    @Test("goes on with a copy under another key, after power went at any operation of it, and has nothing of it clear")
    func copy() throws {
        let blocks = [0: TestBlocks.plain(1), 3: TestBlocks.plain(2), 9: TestBlocks.plain(3)]
        let source = FaultDisk()
        let id = try open(source).make(1, blocks, key: testKey(1))
        let before = source.state.withLock { $0 }
        var moment = 0
        while true {
            moment += 1
            let disk = FaultDisk(before)
            let opened = try open(disk)
            disk.set(.crash(at: disk.operations + moment))
            _ = try? copy(id, in: opened)
            guard disk.hasCrashed else { break }
            let found = disk.afterCrash(Loss.allCases[moment % 3], seed: UInt64(moment))
            let store = try open(found)
            let copied = try copy(id, in: store)
            let note: Comment = "operation \(moment)"
            #expect(try store.contents(copied, key: testKey(2)) == blocks, note)
            try store.delete(id)
            _ = try store.collect()
            #expect(try store.contents(copied, key: testKey(2)) == blocks, note)
            for file in found.state.withLock({ $0.nodes.values.map { Data($0.live) } }) {
                for block in blocks.values { #expect(file.range(of: Data(block[..<64])) == nil, note) }
            }
        }
        #expect(moment > 10)
    }

    /// As whoever copies goes on: begun where nothing is, else from what there is.
    private func copy(_ id: SnapshotID, in store: BlockStore) throws -> SnapshotID {
        let copied = try snapshotID(2)
        if store.contains(copied) { return copied }
        let isBegun = store.drafts().contains(copied)
        let draft =
            isBegun
            ? try store.draft(copied, key: testKey(2))
            : try store.begin(copied, volumeBytes: 64 * Block.byteCount, key: testKey(2))
        try draft.put(try store.snapshot(id, key: testKey(1)))
        try draft.commit()
        return copied
    }

    @Test("takes nothing more after a sync that failed, until it is opened again")
    func syncFails() throws {
        let disk = FaultDisk()
        let store = try open(disk)
        let draft = try store.begin(try snapshotID(1), volumeBytes: 4 * Block.byteCount)
        try draft.put(TestBlocks.plain(1), at: 0)
        disk.set(.fail(at: disk.operations + 1, .failed(call: "fdatasync", errno: 5)))
        #expect(throws: BlockStoreError.stopped(errno: 5)) { try draft.flush() }
        #expect(throws: BlockStoreError.stopped(errno: 5)) { try draft.put(TestBlocks.plain(2), at: 0) }
        #expect(throws: BlockStoreError.stopped(errno: 5)) { try draft.commit() }
        let again = try open(disk.afterCrash(.nothing, seed: 1))
        try again.draft(draft.id).put(TestBlocks.plain(1), at: 0)
        try again.draft(draft.id).commit()
        #expect(try again.contents(draft.id) == [0: TestBlocks.plain(1)])
    }
}

@Suite("A store over long courses of calls")
struct HistoryTests {
    @Test("holds what a simple model holds", arguments: 100...107 as ClosedRange<UInt64>)
    func model(seed: UInt64) throws {
        let disk = FaultDisk()
        let store = try BlockStore(directory: "/store", disk: disk, options: PowerCutTests.options)
        var history = History(seed: seed)
        try history.run(store, steps: 120, stop: true)
        try history.check(store, "seed \(seed)")
        let again = try BlockStore(directory: "/store", disk: disk, options: PowerCutTests.options)
        for id in store.snapshots() { #expect(try again.contents(id) == store.contents(id)) }
        #expect(again.total() == store.total())
    }
}
