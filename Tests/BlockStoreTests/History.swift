// Courses of calls that a seed decides, carried out on a store and on a model that knows what must be found after a
// crash or a failure at any moment: what was acknowledged exactly, what was under way in one of its two ways.

import BlockStore
import CloudTypes
import Testing

/// Which number's block stands at which index; 0 and absent are zeros.
typealias Content = [Int: Int]

struct Oracle {
    struct Draft {
        var base: Content = [:]
        var flushed: Content = [:]
        /// What may stand at an index besides that.
        var unflushed: [Int: Set<Int>] = [:]

        func allows(_ found: Content, blockCount: Int) -> Bool {
            (0..<blockCount).allSatisfy { index in
                let number = found[index] ?? 0
                return number == flushed[index] ?? base[index] ?? 0 || unflushed[index]?.contains(number) == true
            }
        }

        /// What it is if nothing is lost.
        var whole: Content { base.merging(flushed) { $1 }.filter { $0.value != 0 } }
    }

    var snapshots: [SnapshotID: Content] = [:]
    /// May be there: being made or deleted when it happened.
    var perhaps: [SnapshotID: Content] = [:]
    var drafts: [SnapshotID: Draft] = [:]
    var perhapsDrafts: [SnapshotID: Draft] = [:]
}

struct History {
    static let blockCount = 24
    var oracle = Oracle()
    private var generator: SeededGenerator
    private var next = 1
    private let blocks: [[UInt8]]
    private let byID: [BlockID: Int]

    /// Blocks 1...10 are plain, 11 and 12 random.
    static let pool: [[UInt8]] = [TestBlocks.zeros] + (1...10).map(TestBlocks.plain) + (11...12).map(TestBlocks.random)
    static let names = Dictionary(uniqueKeysWithValues: pool.enumerated().map { (TestBlocks.checksum($1), $0) })

    init(seed: UInt64) {
        generator = SeededGenerator(seed)
        (blocks, byID) = (History.pool, History.names)
    }

    /// Carries out calls until one fails or there have been enough; a failure is noted in the model.
    ///
    /// - Parameter stop: whether a failure ends it.
    mutating func run(_ store: BlockStore, steps: Int, stop: Bool) throws {
        for _ in 0..<steps {
            do {
                try step(store)
            } catch let error as BlockStoreError {
                if stop || error == FaultDisk.crashed { return }
            }
        }
    }

    private mutating func step(_ store: BlockStore) throws {
        let drafts = oracle.drafts.keys.sorted()
        let snapshots = oracle.snapshots.keys.sorted()
        let draft = drafts.randomElement(using: &generator)
        let snapshot = snapshots.randomElement(using: &generator)
        switch (Int.random(in: 0..<20, using: &generator), draft, snapshot) {
        case (0...1, _, _), (_, nil, nil): try begin(store, parent: snapshot)
        case (2...11, let draft?, _): try put(store, draft)
        case (12...13, let draft?, _): try flush(store, draft)
        case (14...15, let draft?, _): try commit(store, draft)
        case (16, let draft?, _): try discard(store, draft)
        case (17...18, _, let snapshot?): try delete(store, snapshot)
        case (19, _, _): try store.collect()
        case (_, _, _): try begin(store, parent: snapshot)
        }
    }

    private mutating func begin(_ store: BlockStore, parent: SnapshotID?) throws {
        let id = try snapshotID(next)
        next += 1
        let parent = Bool.random(using: &generator) ? parent : nil
        let draft = Oracle.Draft(base: parent.flatMap { oracle.snapshots[$0] } ?? [:])
        oracle.perhapsDrafts[id] = draft
        _ = try store.begin(id, volumeBytes: History.blockCount * Block.byteCount, parent: parent)
        oracle.perhapsDrafts[id] = nil
        oracle.drafts[id] = draft
    }

    private mutating func put(_ store: BlockStore, _ id: SnapshotID) throws {
        let index = Int.random(in: 0..<History.blockCount, using: &generator)
        let number = Int.random(in: 0..<blocks.count, using: &generator)
        oracle.drafts[id]?.unflushed[index, default: []].insert(number)
        try store.draft(id).put(blocks[number], at: index)
        lastPut[id, default: [:]][index] = number
    }

    /// What was put last at an index since the last flush.
    private var lastPut: [SnapshotID: Content] = [:]

    private mutating func flush(_ store: BlockStore, _ id: SnapshotID) throws {
        try store.draft(id).flush()
        settle(id)
    }

    private mutating func settle(_ id: SnapshotID) {
        oracle.drafts[id]?.flushed.merge(lastPut[id] ?? [:]) { $1 }
        oracle.drafts[id]?.unflushed = [:]
        lastPut[id] = nil
    }

    private mutating func commit(_ store: BlockStore, _ id: SnapshotID) throws {
        var whole = oracle.drafts[id]
        whole?.flushed.merge(lastPut[id] ?? [:]) { $1 }
        oracle.perhaps[id] = whole?.whole
        try store.draft(id).commit()
        oracle.snapshots[id] = whole?.whole
        (oracle.perhaps[id], oracle.drafts[id], lastPut[id]) = (nil, nil, nil)
    }

    private mutating func discard(_ store: BlockStore, _ id: SnapshotID) throws {
        let draft = oracle.drafts.removeValue(forKey: id)
        oracle.perhapsDrafts[id] = draft
        try store.draft(id).discard()
        oracle.perhapsDrafts[id] = nil
    }

    private mutating func delete(_ store: BlockStore, _ id: SnapshotID) throws {
        oracle.perhaps[id] = oracle.snapshots.removeValue(forKey: id)
        try store.delete(id)
        oracle.perhaps[id] = nil
    }

    // MARK: What is found

    /// The numbers of a snapshot's blocks.
    func content(of id: SnapshotID, in store: BlockStore) throws -> Content {
        var content: Content = [:]
        var rows = try store.snapshot(id).blocks()
        while let row = try rows.next() {
            let number = try #require(byID[row.id])
            content[row.index] = number
        }
        return content
    }

    /// Reads every block that any snapshot has, once.
    private func expectReadable(_ store: BlockStore, _ note: Comment) throws {
        var seen: Set<BlockID> = []
        for id in store.snapshots() {
            let snapshot = try store.snapshot(id)
            var rows = try snapshot.blocks()
            while let row = try rows.next() {
                guard seen.insert(row.id).inserted else { continue }
                let number = try #require(byID[row.id])
                #expect(try snapshot.read(at: row.index) == blocks[number], note)
            }
        }
    }

    /// Checks what a store holds after a crash, commits its drafts, collects, and checks again.
    func check(_ store: BlockStore, _ note: Comment) throws {
        let drafts = store.drafts()
        for id in oracle.drafts.keys where !drafts.contains(id) {
            #expect(oracle.perhaps[id] != nil && store.snapshots().contains(id), note)
        }
        for id in drafts {
            let draft = try #require(oracle.drafts[id] ?? oracle.perhapsDrafts[id], note)
            try store.draft(id).commit()
            let found = try content(of: id, in: store)
            #expect(draft.allows(found, blockCount: History.blockCount), note)
        }
        #expect(Set(oracle.snapshots.keys).isSubset(of: store.snapshots()), note)
        for _ in 0..<2 {
            for id in store.snapshots() where !drafts.contains(id) {
                let expected = try #require(oracle.snapshots[id] ?? oracle.perhaps[id], note)
                #expect(try content(of: id, in: store) == expected, note)
            }
            try expectReadable(store, note)
            try store.collect()
            #expect(try store.explain() == BlockSum(), note)
            #expect(try store.total().blocks == store.namedBlocks(), note)
        }
    }
}
