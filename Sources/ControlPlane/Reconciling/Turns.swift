// Pieces of work on one key, one after another in the order they came; different keys go side by side.

package import NodeContract
import Synchronization

package final class Turns<Key: Hashable & Sendable>: Sendable {
    private struct State {
        var taken: Set<Key> = []
        var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Returns or throws as `body` does, when all that came before on the key has ended.
    nonisolated(nonsending)
        package func perform(_ key: Key, _ body: () async throws(NodeError) -> Void) async throws(NodeError)
    {
        await take(key)
        do {
            try await body()
        } catch {
            give(key)
            throw error
        }
        give(key)
    }

    nonisolated(nonsending) private func take(_ key: Key) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.taken.insert(key).inserted { return true }
                state.waiting[key, default: []].append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// The turn goes over to who waits longest.
    private func give(_ key: Key) {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard var waiting = state.waiting.removeValue(forKey: key) else {
                state.taken.remove(key)
                return nil
            }
            let next = waiting.removeFirst()
            if !waiting.isEmpty { state.waiting[key] = waiting }
            return next
        }
        next?.resume()
    }
}
