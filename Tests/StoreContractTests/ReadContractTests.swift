// What every store promises about scans and watches.

import CloudStore
import Testing

@Suite("A scan")
struct ScanContractTests {
    @Test(
        "returns the records of one kind in the order of their ids, of one account or of all",
        arguments: StoreKind.allCases)
    func scan(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        _ = try await store.commit([
            .put("b", "3", account: "1"), .put("b", "1", account: "1"), .put("b", "2", account: "2"),
            .put("bb", "0", account: "1"), .put("a", "0", account: "1"),
        ])
        #expect(try await store.scan(kind: "b", account: nil).map(\.key.id) == ["1", "2", "3"])
        #expect(try await store.scan(kind: "b", account: "1").map(\.key.id) == ["1", "3"])
        #expect(try await store.scan(kind: "b", account: "3").isEmpty)
        #expect(try await store.scan(kind: "c", account: nil).isEmpty)
        await place.close(store)
    }
}

@Suite("A watch")
struct WatchContractTests {
    /// The next `count` change sets.
    private func take(_ count: Int, of feed: ChangeFeed) async throws -> [ChangeSet] {
        var sets: [ChangeSet] = []
        for try await set in feed {
            sets.append(set)
            if sets.count == count { break }
        }
        return sets
    }

    @Test(
        "tells every commit after a revision once, whole and in order, past and future", arguments: StoreKind.allCases)
    func complete(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        for step in 0..<10 { _ = try await store.commit([.put("a", "\(step)"), .put("b", "x", [UInt8(step)])]) }
        let feed = store.watch(from: 4)
        async let seen = take(26, of: feed)
        for step in 10..<30 { _ = store.submit([.put("a", "\(step)"), .put("b", "x", [UInt8(step)])]) }
        let sets = try await seen
        #expect(sets.map(\.revision) == Array(5...30))
        for set in sets {
            #expect(set.changes.map(\.key.id) == ["\(set.revision - 1)", "x"])
            guard case .put(let record) = set.changes[1] else {
                Issue.record("a put came out as a delete")
                continue
            }
            #expect(record.revision == set.revision && record.data == [UInt8(set.revision - 1)])
        }
        await place.close(store)
    }

    @Test("tells deletes, and leaves out what changed nothing", arguments: StoreKind.allCases)
    func deletes(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        _ = try await store.commit([.put("a", "1"), .put("a", "2")])
        _ = try await store.commit([])
        _ = try await store.commit([.delete("a", "1"), .delete("a", "absent"), .delete("a", "2")])
        let sets = try await take(1, of: store.watch(from: 1))
        #expect(
            sets == [
                ChangeSet(
                    revision: 2,
                    changes: [.delete(RecordKey(kind: "a", id: "1")), .delete(RecordKey(kind: "a", id: "2"))])
            ])
        await place.close(store)
    }

    @Test("goes on from a revision that was loaded before the store was opened again", arguments: StoreKind.allCases)
    func acrossReopen(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let first = try place.open()
        for step in 0..<5 { _ = try await first.commit([.put("a", "\(step)")]) }
        await first.close()
        let second = try place.open()
        _ = try await second.commit([.put("a", "new")])
        #expect(try await take(3, of: second.watch(from: 3)).map(\.revision) == [4, 5, 6])
        await second.close()
    }

    @Test("of commits no longer kept says so and from where one can watch", arguments: StoreKind.allCases)
    func compacted(kind: StoreKind) async throws {
        let place = StorePlace(kind, keptCommits: 8)
        let store = try place.open()
        for step in 0..<100 { _ = try await store.commit([.put("a", "\(step)")]) }
        do {
            _ = try await take(1, of: store.watch(from: 0))
            Issue.record("told commits that should be gone")
        } catch StoreError.compacted(let oldest) {
            #expect((1...92).contains(oldest))
            #expect(try await take(1, of: store.watch(from: oldest)).map(\.revision) == [oldest + 1])
        }
        await place.close(store)
    }

    @Test("ends when the store closes", arguments: StoreKind.allCases)
    func end(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        _ = try await store.commit([.put("a", "1")])
        let feed = store.watch(from: 0)
        async let seen = take(100, of: feed)
        await store.close()
        #expect(try await seen.count <= 1)
    }

    @Test("ends when its task is cancelled", arguments: StoreKind.allCases)
    func cancellation(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        let feed = store.watch(from: 0)
        let task = Task { try await take(1, of: feed) }
        task.cancel()
        #expect(try await task.value.isEmpty)
        await place.close(store)
    }

    @Test("that loads and then watches misses nothing while others write", arguments: StoreKind.allCases)
    func loadThenWatch(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        async let writing: Void = {
            for step in 0..<100 { _ = try await store.commit([.put("a", "\(step)")]) }
        }()
        let (records, revision) = try await everything(in: store)
        var keys = Set(records.map(\.key.id))
        #expect(keys.count == Int(revision))
        if revision < 100 {
            for set in try await take(100 - Int(revision), of: store.watch(from: revision)) {
                for change in set.changes { #expect(keys.insert(change.key.id).inserted) }
            }
        }
        #expect(keys.count == 100)
        try await writing
        await place.close(store)
    }
}
