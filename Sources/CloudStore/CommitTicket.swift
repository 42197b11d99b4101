// The receipt of a submitted commit: told once how the commit ended, asked by any number of callers.

import Synchronization

/// Stands for one submitted commit until its outcome is known, and after.
package final class CommitTicket: Sendable {
    package typealias Outcome = Result<Revision, StoreError>

    private enum State {
        case pending([@Sendable (Outcome) -> Void])
        case done(Outcome)
    }

    private let state: Mutex<State>

    /// A ticket whose outcome is still open.
    package init() { state = Mutex(.pending([])) }

    /// A ticket whose outcome is known from the start.
    package init(_ outcome: Outcome) { state = Mutex(.done(outcome)) }

    /// How the commit ended, or nil while that is open.
    package var outcome: Outcome? {
        state.withLock { state in
            switch state {
            case .pending: nil
            case .done(let outcome): outcome
            }
        }
    }

    /// Waits until the commit is durable. Cancelling the waiting task neither ends the wait nor takes back the commit.
    ///
    /// - Returns: the commit's revision.
    /// - Throws: why the commit was not made.
    package func durable() async throws(StoreError) -> Revision {
        if let outcome { return try outcome.get() }
        let outcome = await withCheckedContinuation { continuation in
            whenDone { continuation.resume(returning: $0) }
        }
        return try outcome.get()
    }

    /// Calls `body` once with the outcome: at once if it is known, else on the store's thread, which it may not block.
    package func whenDone(_ body: @escaping @Sendable (Outcome) -> Void) {
        let known: Outcome? = state.withLock { state in
            switch state {
            case .pending(let bodies):
                state = .pending(bodies + [body])
                return nil
            case .done(let outcome):
                return outcome
            }
        }
        if let known { body(known) }
    }

    /// Tells the outcome and wakes who waits for it; for stores. Only the first call counts.
    package func resolve(_ outcome: Outcome) { settle(outcome)() }

    /// Notes the outcome, so that later commits see it, and leaves waking the waiters to the caller; for stores that
    /// hold a lock. Only the first call counts.
    package func settle(_ outcome: Outcome) -> @Sendable () -> Void {
        let bodies: [@Sendable (Outcome) -> Void] = state.withLock { state in
            switch state {
            case .pending(let bodies):
                state = .done(outcome)
                return bodies
            case .done:
                return []
            }
        }
        return { for body in bodies { body(outcome) } }
    }
}
