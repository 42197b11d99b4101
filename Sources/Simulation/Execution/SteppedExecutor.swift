// Runs tasks one job at a time on the thread that asks for it, in an order that a seed decides: the same seed, the same
// run. When no job is left, everything waits for something from outside.

import Synchronization

package final class SteppedExecutor: TaskExecutor {
    /// Which of the jobs that are ready goes first.
    package enum Order: Sendable {
        case arrival
        /// Any, by chance.
        case random(seed: UInt64)
    }

    private struct State {
        var ready: [UnownedJob] = []
        /// Jobs before it are done; only where jobs go by arrival.
        var head = 0
        var jobCount = 0
        var chance: SeededNumbers?
    }

    private let state: Mutex<State>

    package init(_ order: Order = .arrival) {
        var state = State()
        switch order {
        case .arrival: break
        case .random(let seed): state.chance = SeededNumbers(seed: seed)
        }
        self.state = Mutex(state)
    }

    /// How many jobs have been run.
    package var jobCount: Int { state.withLock { $0.jobCount } }
    package var isIdle: Bool { state.withLock { $0.ready.count == $0.head } }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    /// Runs one job. Returns false where none was ready.
    @discardableResult
    package func step() -> Bool {
        guard let job = state.withLock({ SteppedExecutor.take(&$0) }) else { return false }
        job.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }

    /// Runs jobs until none is ready or `limit` have been run; returns whether none is ready.
    package func runUntilIdle(limit: Int = 1_000_000) -> Bool {
        for _ in 0..<limit where !step() { return true }
        return isIdle
    }

    private static func take(_ state: inout State) -> UnownedJob? {
        guard state.head < state.ready.count else { return nil }
        state.jobCount += 1
        guard state.chance == nil else {
            let place = Int((state.chance?.next() ?? 0) % UInt64(state.ready.count))
            state.ready.swapAt(place, state.ready.count - 1)
            return state.ready.removeLast()
        }
        let job = state.ready[state.head]
        state.head += 1
        if state.head == state.ready.count {
            state.ready.removeAll(keepingCapacity: true)
            state.head = 0
        }
        return job
    }
}

/// Numbers by chance that are the same for the same seed (SplitMix64).
package struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var count: UInt64

    package init(seed: UInt64) { count = seed }

    package mutating func next() -> UInt64 {
        count &+= 0x9E37_79B9_7F4A_7C15
        var mixed = count
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
