// What every store promises about commits.

import CloudStore
import Testing

@Suite("A commit")
struct CommitContractTests {
    private let web = RecordKey(kind: "instance", id: "i-1")

    @Test(
        "can be read when it is durable, with what was written and the revision it got", arguments: StoreKind.allCases)
    func readBack(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        let write = RecordWrite.put(web, account: "111122223333", formatVersion: 3, data: [0, 255, 7])
        let revision = try await store.commit([write])
        #expect(
            try await store.read(web)
                == StoredRecord(
                    key: web, account: "111122223333", revision: revision, formatVersion: 3, data: [0, 255, 7]))
        #expect(try await store.read(RecordKey(kind: "instance", id: "i-2")) == nil)
        await place.close(store)
    }

    @Test("is still there when the store is opened again, and revisions go on from it", arguments: StoreKind.allCases)
    func reopen(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let first = try place.open()
        _ = try await first.commit([.put("b", "1"), .put("a", "2"), .put("a", "1", [])])
        let revision = try await first.commit([.delete("b", "1"), .put("a", "2", [9], account: "")])
        await first.close()

        let second = try place.open()
        let (records, loaded) = try await everything(in: second)
        #expect(loaded == revision)
        #expect(records.map(\.key) == [RecordKey(kind: "a", id: "1"), RecordKey(kind: "a", id: "2")])
        #expect(records.map(\.data) == [[], [9]])
        #expect(records.map(\.account) == ["111122223333", ""])
        #expect(try await second.commit([.put("a", "3")]) == revision + 1)
        await second.close()
    }

    @Test("is made in the order of submission", arguments: StoreKind.allCases)
    func order(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        let tickets = (0..<200).map { store.submit([.put("a", "\($0 % 10)", [UInt8($0)])]) }
        var revisions: [Revision] = []
        for ticket in tickets { revisions.append(try await ticket.durable()) }
        #expect(revisions == Array(1...200))
        #expect(try await store.scan(kind: "a", account: nil).map(\.data) == (190..<200).map { [UInt8($0)] })
        await place.close(store)
    }

    @Test("keeps its order against the commits of other threads", arguments: StoreKind.allCases)
    func concurrentCallers(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<16 {
                group.addTask {
                    var last: Revision = 0
                    for step in 0..<20 {
                        let revision = try await store.commit([.put("a", "\(caller)", [UInt8(step)])])
                        #expect(revision > last)
                        last = revision
                    }
                }
            }
            try await group.waitForAll()
        }
        let (records, revision) = try await everything(in: store)
        #expect(revision == 320)
        #expect(records.allSatisfy { $0.data == [19] })
        await place.close(store)
    }

    @Test("keeps the last of several writes to one record", arguments: StoreKind.allCases)
    func repeatedKey(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        let revision = try await store.commit([
            .put("a", "1", [1]), .delete("a", "2"), .put("a", "1", [2]), .put("a", "2", [3]),
        ])
        #expect(try await store.scan(kind: "a", account: nil).map(\.data) == [[2], [3]])
        #expect(try await store.scan(kind: "a", account: nil).allSatisfy { $0.revision == revision })
        await place.close(store)
    }

    @Test("that changes nothing succeeds with the current revision", arguments: StoreKind.allCases)
    func nothing(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        #expect(try await store.commit([]) == 0)
        #expect(try await store.commit([.put("a", "1")]) == 1)
        #expect(try await store.commit([]) == 1)
        #expect(try await store.commit([.delete("a", "absent")]) == 1)
        #expect(try await store.commit([.delete("a", "1")]) == 2)
        await place.close(store)
    }

    @Test("is refused alone when a precondition fails, and says which", arguments: StoreKind.allCases)
    func preconditions(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        let key = RecordKey(kind: "a", id: "1")
        let created = store.submit([.put("a", "1", [1])], if: [Precondition(key, is: nil)])
        let duplicate = store.submit([.put("a", "1", [2]), .put("a", "2")], if: [Precondition(key, is: nil)])
        let updated = store.submit([.put("a", "1", [3])], if: [Precondition(key, is: 1)])
        let stale = store.submit([.delete("a", "1")], if: [Precondition(key, is: 1)])
        #expect(try await created.durable() == 1)
        await #expect(throws: StoreError.preconditionFailed(key, expected: nil, found: 1)) {
            try await duplicate.durable()
        }
        #expect(try await updated.durable() == 2)
        await #expect(throws: StoreError.preconditionFailed(key, expected: 1, found: 2)) { try await stale.durable() }
        #expect(try await everything(in: store).records.map(\.data) == [[3]])

        let absent = RecordKey(kind: "a", id: "9")
        await #expect(throws: StoreError.preconditionFailed(absent, expected: 1, found: nil)) {
            try await store.commit([], if: [Precondition(absent, is: 1)])
        }
        await place.close(store)
    }

    @Test("is refused alone when it carries too much", arguments: StoreKind.allCases)
    func tooLarge(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        let half = [UInt8](repeating: 1, count: CommitLimit.maximumBytes / 2 + 1)
        let huge = store.submit([.put("a", "1", half), .put("a", "2", half)])
        let small = store.submit([.put("a", "3")])
        await #expect(throws: StoreError.tooLarge(bytes: CommitLimit.maximumBytes + 2)) { try await huge.durable() }
        #expect(try await small.durable() == 1)
        await place.close(store)
    }

    @Test("fails with the commit it follows, and so do those that follow it", arguments: StoreKind.allCases)
    func predecessors(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        let failing = store.submit([.put("a", "1")], if: [Precondition(RecordKey(kind: "a", id: "1"), is: 7)])
        let second = store.submit([.put("a", "2")], if: [], after: failing)
        let third = store.submit([.put("a", "3")], if: [], after: second)
        let independent = store.submit([.put("a", "4")])
        let fifth = store.submit([.put("a", "5")], if: [], after: independent)
        await #expect(throws: StoreError.predecessorFailed) { try await second.durable() }
        await #expect(throws: StoreError.predecessorFailed) { try await third.durable() }
        #expect(try await fifth.durable() == 2)
        #expect(try await everything(in: store).records.map(\.key.id) == ["4", "5"])
        await place.close(store)
    }

    @Test("submitted before the store closes is made, later ones are refused", arguments: StoreKind.allCases)
    func closing(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        let early = (0..<20).map { store.submit([.put("a", "\($0)")]) }
        await store.close()
        await store.close()
        for ticket in early { _ = try await ticket.durable() }
        await #expect(throws: StoreError.closed) { try await store.commit([.put("a", "late")]) }
        await #expect(throws: StoreError.closed) { try await store.read(web) }
        await #expect(throws: StoreError.closed) { try await store.load { _ in } }
        let again = try place.open()
        #expect(try await everything(in: again).records.count == 20)
        await again.close()
    }

    @Test("calls back with its outcome, also when it is known already", arguments: StoreKind.allCases)
    func callbacks(kind: StoreKind) async throws {
        let place = StorePlace(kind)
        let store = try place.open()
        let ticket = store.submit([.put("a", "1")])
        for _ in 0..<2 {
            let outcome = await withCheckedContinuation { continuation in
                ticket.whenDone { continuation.resume(returning: $0) }
            }
            #expect(outcome == .success(1))
        }
        #expect(ticket.outcome == .success(1))
        await place.close(store)
    }
}
