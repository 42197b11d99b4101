// The faults of the memory store: each durable step of a caller can be made its last.

import CloudStore
import Simulation
import Testing

@Suite("A memory store with a fault")
struct MemoryFaultTests {
    private let full = StoreError.full

    /// What a caller does: three commits, each waited for. Returns how many were acknowledged.
    private func work(on store: MemoryStore) async -> Int {
        for step in 1...3 {
            do { _ = try await store.commit([.put("a", "\(step)")]) } catch { return step - 1 }
        }
        return 3
    }

    @Test("that crashes at any step keeps what was acknowledged, and the last commit only if it took effect")
    func crash() async throws {
        let rehearsal = MemoryStore()
        _ = await work(on: rehearsal)
        #expect(rehearsal.steps == 3)
        for step in 1...rehearsal.steps {
            for moment in StoreFault.Moment.allCases {
                let contents = MemoryStore.Contents()
                let store = MemoryStore(crashingAt: step, moment, on: contents)
                #expect(await work(on: store) == step - 1)
                #expect(store.hasCrashed)
                await #expect(throws: StoreError.closed) { try await store.commit([.put("a", "late")]) }
                let restarted = MemoryStore(on: contents)
                let kept = try await everything(in: restarted).records.count
                #expect(kept == (moment == .before ? step - 1 : step))
            }
        }
    }

    @Test("that fails once tells the error and works again; before: nothing changed, after: it did")
    func failOnce() async throws {
        let store = MemoryStore(faults: [
            StoreFault(at: 1, .before, .fail(.full)), StoreFault(at: 3, .after, .fail(.full)),
        ])
        await #expect(throws: full) { try await store.commit([.put("a", "1")]) }
        #expect(try await store.commit([.put("a", "2")]) == 1)
        await #expect(throws: full) { try await store.commit([.put("a", "3")]) }
        #expect(try await everything(in: store).records.map(\.key.id) == ["2", "3"])
    }

    @Test("that hangs answers nobody until it is released, then all in order")
    func hang() async throws {
        let store = MemoryStore(faults: [StoreFault(at: 2, .before, .hang)])
        _ = try await store.commit([.put("a", "1")])
        let stuck = store.submit([.put("a", "2")], if: [Precondition(RecordKey(kind: "a", id: "1"), is: 9)])
        let behind = store.submit([.put("a", "3")], if: [], after: stuck)
        let other = store.submit([.put("a", "4")])
        #expect(stuck.outcome == nil && behind.outcome == nil && other.outcome == nil)
        #expect(try await everything(in: store).revision == 1)
        store.release()
        #expect(behind.outcome == .failure(.predecessorFailed))
        #expect(try await other.durable() == 2)
    }

    @Test("that hangs after the commit took effect shows it, and acknowledges it only when released")
    func hangAfter() async throws {
        let store = MemoryStore(faults: [StoreFault(at: 1, .after, .hang)])
        let ticket = store.submit([.put("a", "1")])
        #expect(ticket.outcome == nil)
        #expect(try await everything(in: store).records.count == 1)
        store.release()
        #expect(try await ticket.durable() == 1)
    }

    @Test("that is dropped while it hangs tells those who wait")
    func dropped() async {
        var store: MemoryStore? = MemoryStore(faults: [StoreFault(at: 1, .before, .hang)])
        let ticket = store?.submit([.put("a", "1")])
        #expect(ticket?.outcome == nil)
        store = nil
        await #expect(throws: StoreError.closed) { try await ticket?.durable() }
    }

    @Test("held by hand lets commits wait")
    func hold() async throws {
        let store = MemoryStore()
        store.hold()
        let ticket = store.submit([.put("a", "1")])
        #expect(ticket.outcome == nil)
        await store.close()
        #expect(try await ticket.durable() == 1)
    }
}
