// So many bytes a second, in the mean, for threads that may wait.

import Glibc
import Synchronization

final class Pace: Sendable {
    private struct State {
        /// nil: any number.
        var rate: Int?
        var begin = ContinuousClock.now
        var bytes = 0
        /// Where what was read last ends, the furthest.
        var position = 0
    }

    private let state: Mutex<State>

    init(rate: Int?) { state = Mutex(State(rate: rate)) }

    /// From now on; what is read begins anew.
    func set(rate: Int?) { state.withLock { $0 = State(rate: rate) } }

    var position: Int { state.withLock { $0.position } }

    func reached(_ position: Int) { state.withLock { $0.position = max($0.position, position) } }

    /// Tells that so many bytes passed, and waits where they were too many.
    func passed(_ count: Int) {
        let wait = state.withLock { state -> Duration? in
            guard let rate = state.rate else { return nil }
            state.bytes += count
            return .seconds(Double(state.bytes) / Double(rate)) - (ContinuousClock.now - state.begin)
        }
        guard let wait, wait > .milliseconds(1) else { return }
        let parts = wait.components
        usleep(UInt32(min(900_000, parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000)))
    }
}
