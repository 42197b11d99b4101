// One host with its store and clock, and the processes of ours that live on it one after another.

import AWSWire
import CloudTypes
import ControlPlane
package import Simulation
import Synchronization

package final class Rig {
    /// How long after the last event everything must have come to rest: longer than every patience and retry.
    private static let restingSeconds = 600.0

    let world = SimulatedWorld()
    let premises: Premises
    private var usage = UsageWitness()
    package let contents: MemoryStore.Contents
    let time = ManualTime()
    package let executor: SteppedExecutor
    /// Decides over the steps of a process; the first process is 0.
    private let judge: @Sendable (_ process: Int, _ number: Int, _ step: Lifeline.Step) -> Lifeline.Fate
    private let delay: @Sendable () -> MortalNode.Delay
    private let calm = Calm()
    private let seed: UInt64
    private(set) var process: ServerProcess
    private(set) var processCount = 0
    /// What must never happen, as it was seen.
    private(set) var faults: [String] = []

    init(
        seed: UInt64 = 0, order: SteppedExecutor.Order = .arrival, premises: Premises = Premises(),
        delay: @escaping @Sendable () -> MortalNode.Delay = { .turns(1) },
        judge: @escaping @Sendable (_ process: Int, _ number: Int, _ step: Lifeline.Step) -> Lifeline.Fate = {
            _, _, _ in
            .proceed
        }
    ) {
        (self.seed, self.delay, self.judge, self.premises) = (seed, delay, judge, premises)
        contents = Furnishing.contents(premises)
        executor = SteppedExecutor(order)
        process = ServerProcess(on: world, contents, at: time, premises.settings, delay: delay) { _, _ in .proceed }
        boot()
    }

    deinit {
        process.bury()
        _ = executor.runUntilIdle()
    }

    /// The records that the living process shows, or what the last one showed.
    var records: CloudState { process.cloud?.records ?? CloudState() }
    /// The steps that the living process has taken.
    var steps: [Lifeline.Step] { process.life.steps }

    /// From now on, until it is set again, nothing fails.
    var isCalm: Bool {
        get { calm.value.withLock { $0 } }
        set { calm.value.withLock { $0 = newValue } }
    }

    func note(_ fault: String) { faults.append(fault) }

    // MARK: Calls

    func begin(_ request: QueryRequest, as caller: Caller) -> Call {
        if process.life.isOver { restart() }
        let call = Call()
        let process = process
        Task(executorPreference: executor) { call.end(await process.answer(request, as: caller)) }
        return call
    }

    /// An order of the operator about an instance, given until it is obeyed; false where it is refused.
    func operate(
        on id: InstanceID, _ body: @escaping @Sendable (inout Transaction) throws(EC2Error) -> Void
    ) -> Bool {
        for _ in 0..<100 {
            if process.life.isOver { restart() }
            guard let account = records.instances[id]?.account else { return false }
            let call = Call()
            let process = process
            Task(executorPreference: executor) { call.end(await process.operate(as: .system(for: account), body)) }
            switch finish(call) {
            case .acknowledged: return true
            case .lost, .refused(code: "InternalError", _): continue
            case .refused: return false
            }
        }
        note("an order of the operator was never obeyed")
        return false
    }

    /// What is told of use that is not what the store's changes say.
    func usageFaults() -> [String] { usage.faults(contents, records) }

    /// Runs everything until the call has ended, well or not; the clock goes on where the call waits for it.
    func finish(_ call: Call) -> Answer {
        let patience = time.now.adding(seconds: 60)
        while true {
            if let answer = call.answer { return answer }
            if executor.step() { continue }
            if process.life.isOver {
                restart()
                continue
            }
            // It waits for what is tried again later.
            if let next = time.nextWake, next <= patience {
                time.advance(to: next)
                continue
            }
            note("a call was never answered")
            return .lost
        }
    }

    /// Runs some jobs.
    func run(jobs: Int) {
        for _ in 0..<jobs where !process.life.isOver { executor.step() }
        if process.life.isOver { restart() }
    }

    /// Lets all that can happen happen, the clock running, until everything rests.
    ///
    /// What was ordered for a time, and began just before the end, has its time as well.
    func settle() {
        rest()
        for _ in 0..<3 where records.instances.all.contains(where: { isYoung($0) }) { rest() }
    }

    private func isYoung(_ instance: InstanceRecord) -> Bool {
        [.pending, .stopping, .shuttingDown].contains(instance.state)
            && time.now.seconds(since: instance.stateSince) < Rig.restingSeconds / 2
    }

    private func rest() {
        let horizon = time.now.adding(seconds: Rig.restingSeconds)
        while true {
            guard executor.runUntilIdle(limit: 500_000) else { return note("it never comes to rest") }
            if process.life.isOver {
                restart()
            } else if let next = time.nextWake, next <= horizon {
                time.advance(to: next)
            } else {
                break
            }
        }
        time.advance(to: horizon)
    }

    // MARK: Processes

    /// Kills the process as `kill -9` does, and starts another on what it left.
    ///
    /// - Parameter meanwhile: happens to the host while no process of ours lives.
    func kill(meanwhile: () -> Void = {}) {
        process.bury()
        _ = executor.runUntilIdle()
        meanwhile()
        restart()
    }

    private func restart() {
        while process.life.isOver {
            process.bury()
            _ = executor.runUntilIdle()
            if !process.isGone { note("a task does not end when it is cancelled") }
            boot()
        }
    }

    private func boot() {
        let (number, judge) = (processCount, judge)
        processCount += 1
        process = ServerProcess(on: world, contents, at: time, premises.settings, delay: delay) { [calm] step, kind in
            calm.value.withLock { $0 } ? .proceed : judge(number, step, kind)
        }
        process.start(on: executor, chance: SeededNumbers(seed: seed &* 1_000_003 &+ UInt64(number)))
        while process.cloud == nil, !process.life.isOver, executor.step() {}
    }
}

/// A call on its way.
final class Call: Sendable {
    private let outcome = Mutex<Answer?>(nil)
    var answer: Answer? { outcome.withLock { $0 } }
    func end(_ answer: Answer) { outcome.withLock { $0 = answer } }
}

private final class Calm: Sendable {
    let value = Mutex(false)
}
