// So many bytes a second, in the mean, for threads that may wait.

import BlockStore
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
        if let wait { Pace.sleep(wait) }
    }

    /// How long a guest's machine is left alone after it answered: so long that reading takes it a tenth of the time at most,
    /// since one that its guest keeps busy answers late. A quarter of the rate is read whatever it does.
    static func rest(after time: Duration, upTo rate: Int) -> Duration {
        min(time * 9, .seconds(4 * Double(Block.byteCount) / Double(rate)))
    }

    static func wait(until end: ContinuousClock.Instant) { sleep(end - ContinuousClock.now) }

    private static func sleep(_ wait: Duration) {
        guard wait > .milliseconds(1) else { return }
        let parts = wait.components
        usleep(UInt32(min(900_000, parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000)))
    }
}
