// Work by key: one piece per key at a time, done again when the key was marked meanwhile, and again at a deadline.
// Different keys go side by side, as many as there are hands; the others wait in the order in which they were marked.

package import CloudTypes
internal import DequeModule

/// What a piece of work says when it is done.
package enum WorkOutcome: Sendable, Equatable {
    /// Nothing to do until the key is marked again.
    case settled
    /// Look again at that moment, if not marked before.
    case lookAgain(at: Timestamp)
}

package actor KeyedWork<Key: Hashable & Sendable> {
    private enum Call {
        case mark(Key)
        /// Sleep until then, and look who is due.
        case alarm(Timestamp)
    }

    private let time: any Timekeeper
    private let work: @Sendable (Key) async -> WorkOutcome
    private let hands: Int
    private let calls: AsyncStream<Call>
    private let caller: AsyncStream<Call>.Continuation
    /// Keys that are worked on, or wait for a hand.
    private var busy: Set<Key> = []
    private var ready = Deque<Key>()
    private var handsAtWork = 0
    private var markedMeanwhile: Set<Key> = []
    private var deadlines = Deadlines<Key>()
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var unheard = 0

    /// - Parameter hands: pieces of work at a time. A task's end costs its group as much as the group is large: with a task for
    ///   each of 50,000 keys that alone took most of the time.
    package init(time: any Timekeeper, hands: Int = 1_024, _ work: @escaping @Sendable (Key) async -> WorkOutcome) {
        (self.time, self.hands, self.work) = (time, hands, work)
        (calls, caller) = AsyncStream.makeStream()
    }

    /// Has the key looked at, soon.
    package func mark(_ key: Key) {
        unheard += 1
        caller.yield(.mark(key))
    }

    /// Carries out what is marked until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await call in calls {
                switch call {
                case .mark(let key):
                    unheard -= 1
                    guard busy.insert(key).inserted else {
                        markedMeanwhile.insert(key)
                        continue
                    }
                    ready.append(key)
                    guard handsAtWork < hands else { continue }
                    handsAtWork += 1
                    group.addTask { await self.workOff() }
                case .alarm(let moment):
                    group.addTask { await self.ring(at: moment) }
                }
            }
            group.cancelAll()
        }
    }

    /// Returns when nothing is marked or under way; deadlines to come do not count.
    package func quiet() async {
        while unheard > 0 || !busy.isEmpty {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    /// One pair of hands: takes what is ready, until nothing is.
    private func workOff() async {
        while !Task.isCancelled, let key = ready.popFirst() { await carryOut(key) }
        handsAtWork -= 1
    }

    private func carryOut(_ key: Key) async {
        let outcome = await work(key)
        busy.remove(key)
        if markedMeanwhile.remove(key) != nil { mark(key) }
        let woken = waiting
        waiting = []
        for continuation in woken { continuation.resume() }
        switch outcome {
        case .settled: deadlines.forget(key)
        case .lookAgain(let moment):
            if deadlines.set(moment, for: key) { caller.yield(.alarm(moment)) }
        }
    }

    private func ring(at moment: Timestamp) async {
        // Cancelled: whoever runs next looks at everything anyway.
        guard (try? await time.sleep(until: moment)) != nil else { return }
        for key in deadlines.takeDue(by: moment) { mark(key) }
        if let next = deadlines.nextAlarm() { caller.yield(.alarm(next)) }
    }
}
