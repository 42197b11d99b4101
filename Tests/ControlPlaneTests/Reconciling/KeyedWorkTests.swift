// Work by key: one piece at a time for a key, none lost, again at a deadline.

import CloudTypes
import ControlPlane
import Simulation
import Synchronization
import Testing

/// Work whose pieces end when the test says so.
private final class Bench: Sendable {
    private struct State {
        var begun: [String] = []
        var waiting: [String: [CheckedContinuation<WorkOutcome, Never>]] = [:]
        var quietCount = 0
    }

    let time = ManualTime()
    let executor = SteppedExecutor()
    private let state = Mutex(State())

    var begun: [String] { state.withLock { $0.begun } }
    /// How many have been told that all is quiet.
    var quietCount: Int { state.withLock { $0.quietCount } }

    func start(hands: Int = 8) -> (KeyedWork<String>, Task<Void, Never>) {
        let work = KeyedWork<String>(time: time, hands: hands) { key in await self.begin(key) }
        let task = Task(executorPreference: executor) { await work.run() }
        return (work, task)
    }

    private func begin(_ key: String) async -> WorkOutcome {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                state.begun.append(key)
                state.waiting[key, default: []].append(continuation)
            }
        }
    }

    func mark(_ keys: String..., in work: KeyedWork<String>) {
        Task(executorPreference: executor) { for key in keys { await work.mark(key) } }
        settle()
    }

    func end(_ key: String, _ outcome: WorkOutcome = .settled) {
        let continuation = state.withLock { $0.waiting[key]?.removeFirst() }
        continuation?.resume(returning: outcome)
        settle()
    }

    func awaitQuiet(_ work: KeyedWork<String>) {
        Task(executorPreference: executor) {
            await work.quiet()
            self.state.withLock { $0.quietCount += 1 }
        }
        settle()
    }

    func settle() { _ = executor.runUntilIdle() }
}

@Suite("Work by key")
struct KeyedWorkTests {
    private let bench = Bench()

    @Test("goes side by side for different keys and one after another for the same")
    func sideBySide() {
        let (work, task) = bench.start()
        bench.mark("a", "b", "a", "a", in: work)
        #expect(bench.begun == ["a", "b"])
        bench.end("a")
        #expect(bench.begun == ["a", "b", "a"], "marks that came meanwhile are one more piece")
        bench.end("a")
        #expect(bench.begun == ["a", "b", "a"])
        bench.end("b")
        stop(task)
    }

    @Test("goes no further side by side than there are hands, and then in the order of the marks")
    func hands() {
        let (work, task) = bench.start(hands: 2)
        bench.mark("a", "b", "c", "d", "c", in: work)
        bench.awaitQuiet(work)
        #expect(bench.begun == ["a", "b"])
        bench.end("b")
        #expect(bench.begun == ["a", "b", "c"])
        bench.mark("b", in: work)
        bench.end("a")
        bench.end("c")
        #expect(bench.begun == ["a", "b", "c", "d", "b"])
        bench.end("d")
        #expect(bench.begun == ["a", "b", "c", "d", "b", "c"], "what was marked while it waited is one more piece")
        bench.end("b")
        #expect(bench.quietCount == 0)
        bench.end("c")
        #expect(bench.quietCount == 1)
        stop(task)
    }

    @Test("has each key looked at at its own moment, and one sleeper for all that come later")
    func manyDeadlines() {
        let (work, task) = bench.start()
        let now = bench.time.now
        for (key, seconds) in [("a", 30.0), ("b", 10.0), ("c", 20.0), ("d", 30.0)] {
            bench.mark(key, in: work)
            bench.end(key, .lookAgain(at: now.adding(seconds: seconds)))
        }
        #expect(bench.time.sleeperCount == 2, "the first one's, and the one that came before it")
        pass(to: now.adding(seconds: 10))
        pass(to: now.adding(seconds: 20))
        #expect(bench.begun.suffix(2) == ["b", "c"])
        #expect(bench.time.sleeperCount == 1)
        pass(to: now.adding(seconds: 30))
        #expect(bench.begun.suffix(2) == ["a", "d"])
        stop(task)
    }

    @Test("marked before it runs is done when it runs")
    func early() {
        let done = Mutex<[String]>([])
        let work = KeyedWork<String>(time: bench.time) { key in
            done.withLock { $0.append(key) }
            return .settled
        }
        bench.mark("a", "b", in: work)
        #expect(done.withLock { $0 } == [])
        let task = Task(executorPreference: bench.executor) { await work.run() }
        bench.awaitQuiet(work)
        #expect(done.withLock { $0 } == ["a", "b"])
        #expect(bench.quietCount == 1)
        stop(task)
    }

    @Test("looks again at its deadline, once, and at none that a later word replaced")
    func deadlines() {
        let (work, task) = bench.start()
        let now = bench.time.now
        bench.mark("a", in: work)
        bench.end("a", .lookAgain(at: now.adding(seconds: 10)))
        bench.mark("a", in: work)
        bench.end("a", .lookAgain(at: now.adding(seconds: 20)))
        pass(to: now.adding(seconds: 10))
        #expect(bench.begun.count == 2, "the first moment no longer counts")
        pass(to: now.adding(seconds: 20))
        #expect(bench.begun.count == 3)
        bench.end("a")
        pass(to: now.adding(seconds: 1000))
        #expect(bench.begun.count == 3)
        stop(task)
    }

    @Test("that settles before its deadline is not looked at then")
    func settledBefore() {
        let (work, task) = bench.start()
        let now = bench.time.now
        bench.mark("a", in: work)
        bench.end("a", .lookAgain(at: now.adding(seconds: 10)))
        bench.mark("a", in: work)
        bench.end("a")
        pass(to: now.adding(seconds: 30))
        #expect(bench.begun.count == 2)
        stop(task)
    }

    @Test("is quiet when nothing is marked or under way, be deadlines to come")
    func quiet() {
        let (work, task) = bench.start()
        bench.mark("a", "a", in: work)
        bench.awaitQuiet(work)
        #expect(bench.quietCount == 0)
        bench.end("a")
        #expect(bench.quietCount == 0, "what was marked meanwhile is under way")
        bench.end("a", .lookAgain(at: bench.time.now.adding(seconds: 10)))
        #expect(bench.quietCount == 1)
        stop(task)
    }

    @Test("leaves nobody asleep when it is cancelled")
    func cancelled() {
        let (work, task) = bench.start()
        bench.mark("a", in: work)
        bench.end("a", .lookAgain(at: bench.time.now.adding(seconds: 10)))
        #expect(bench.time.sleeperCount == 1)
        stop(task)
        #expect(bench.time.sleeperCount == 0)
    }

    private func pass(to moment: Timestamp) {
        bench.time.advance(to: moment)
        bench.settle()
    }

    private func stop(_ task: Task<Void, Never>) {
        task.cancel()
        bench.settle()
    }
}
