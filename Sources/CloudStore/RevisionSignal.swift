// Lets watchers sleep until a store has moved past the revision that they know.

import Synchronization

/// The newest durable revision, and those who wait for a newer one.
package final class RevisionSignal: Sendable {
    private struct State {
        var newest: Revision
        var isFinished = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state: Mutex<State>

    package init(newest: Revision) { state = Mutex(State(newest: newest)) }

    package var newest: Revision { state.withLock { $0.newest } }

    /// Waits until the newest revision is above `revision`.
    ///
    /// - Returns: false if that will not be: the store closed or the task was cancelled.
    package func wait(beyond revision: Revision) async -> Bool {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    let isOver = state.newest > revision || state.isFinished || Task.isCancelled
                    if !isOver { state.waiters[id] = continuation }
                    return isOver
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
        return state.withLock { $0.newest > revision } && !Task.isCancelled
    }

    /// Tells that `revision` is durable.
    package func advance(to revision: Revision) {
        wake { state in state.newest = max(state.newest, revision) }
    }

    /// Tells that nothing will come any more.
    package func finish() {
        wake { state in state.isFinished = true }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }
}
