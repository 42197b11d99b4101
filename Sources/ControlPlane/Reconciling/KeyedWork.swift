// Work by key: one piece per key at a time, done again when the key was marked meanwhile, and again at a deadline.
// Different keys go side by side.

package import CloudTypes

/// What a piece of work says when it is done.
package enum WorkOutcome: Sendable, Equatable {
    /// Nothing to do until the key is marked again.
    case settled
    /// Look again at that moment, if not marked before.
    case lookAgain(at: Timestamp)
}

package actor KeyedWork<Key: Hashable & Sendable> {
    private let time: any Timekeeper
    private let work: @Sendable (Key) async -> WorkOutcome
    private let marks: AsyncStream<Key>
    private let marker: AsyncStream<Key>.Continuation
    private var busy: Set<Key> = []
    private var markedMeanwhile: Set<Key> = []
    /// The one moment at which each key is to be looked at again; a later word of the work replaces an earlier one.
    private var deadlines: [Key: Timestamp] = [:]
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var unheard = 0

    package init(time: any Timekeeper, _ work: @escaping @Sendable (Key) async -> WorkOutcome) {
        (self.time, self.work) = (time, work)
        (marks, marker) = AsyncStream.makeStream()
    }

    /// Has the key looked at, soon.
    package func mark(_ key: Key) {
        unheard += 1
        marker.yield(key)
    }

    /// Carries out what is marked until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await key in marks {
                unheard -= 1
                guard busy.insert(key).inserted else {
                    markedMeanwhile.insert(key)
                    continue
                }
                group.addTask { await self.carryOut(key) }
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

    private func carryOut(_ key: Key) async {
        let outcome = await work(key)
        busy.remove(key)
        if markedMeanwhile.remove(key) != nil { mark(key) }
        let woken = waiting
        waiting = []
        for continuation in woken { continuation.resume() }
        switch outcome {
        case .settled: deadlines[key] = nil
        case .lookAgain(let moment): await lookAgain(key, at: moment)
        }
    }

    /// Sleeps, unless somebody sleeps until the same moment for the key already.
    private func lookAgain(_ key: Key, at moment: Timestamp) async {
        guard deadlines.updateValue(moment, forKey: key) != moment else { return }
        do {
            try await time.sleep(until: moment)
        } catch {
            // Cancelled: whoever runs next looks at everything anyway.
            return
        }
        guard deadlines[key] == moment else { return }
        deadlines[key] = nil
        mark(key)
    }
}
