// A clock that moves only when it is told to, and wakes sleepers in the order of their moments.

package import CloudTypes
import Synchronization

package final class ManualTime: Timekeeper {
    private struct Sleeper {
        let number: Int
        let moment: Timestamp
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var nextNumber = 0
        /// Who sleeps, by number; who was cancelled before it slept is remembered until it tries.
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    package init(startingAt now: Timestamp = Timestamp(milliseconds: 1_795_000_000_000)) {
        state = Mutex(State(now: now))
    }

    package var now: Timestamp { state.withLock { $0.now } }

    /// The earliest moment somebody sleeps until; nil while nobody sleeps.
    package var nextWake: Timestamp? { state.withLock { $0.sleepers.values.map(\.moment).min() } }

    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    package func sleep(until moment: Timestamp) async throws {
        try Task.checkCancellation()
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                fallAsleep(Sleeper(number: number, moment: moment, continuation: continuation))
            }
        } onCancel: {
            cancel(number)
        }
    }

    /// Moves the clock on, never back, and wakes who was to be woken by then, the earliest first.
    package func advance(to moment: Timestamp) {
        let woken: [Sleeper] = state.withLock { state in
            state.now = max(state.now, moment)
            let now = state.now
            let due = state.sleepers.values.filter { $0.moment <= now }
            for sleeper in due { state.sleepers[sleeper.number] = nil }
            return due.sorted { ($0.moment, $0.number) < ($1.moment, $1.number) }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    package func advance(seconds: Double) { advance(to: now.adding(seconds: seconds)) }

    private func fallAsleep(_ sleeper: Sleeper) {
        let outcome: Result<Void, any Error>? = state.withLock { state in
            if state.cancelled.remove(sleeper.number) != nil { return .failure(CancellationError()) }
            if sleeper.moment <= state.now { return .success(()) }
            state.sleepers[sleeper.number] = sleeper
            return nil
        }
        if let outcome { sleeper.continuation.resume(with: outcome) }
    }

    private func cancel(_ number: Int) {
        let sleeper = state.withLock { state in
            let sleeper = state.sleepers.removeValue(forKey: number)
            if sleeper == nil { state.cancelled.insert(number) }
            return sleeper
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
