// Looks at what processors of burstable guests did, once a minute all of them, and when one begins, changes or ends; counts
// it against their credits, and lets each go on with what it can pay for.
// What processors did since the last count is told by the node as a sum: a kill of ours forgets none of it.

internal import CloudTypes
internal import Logging
package import NodeContract

package actor CPUCreditReconciler {
    /// The one piece of work there is.
    package static let key = "guests"
    /// Seconds from one look to the next.
    package static let interval = 60.0

    private let cloud: Cloud
    private let node: any Node
    /// Guests that were seen to rest, and until when: nothing is written of them.
    private var rested: [InstanceID: Timestamp] = [:]
    /// What guests were let do last.
    private var told: [GuestRun: Double] = [:]

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    func work(_ key: String) async -> WorkOutcome {
        let runs = cloud.records.earningRuns
        guard !runs.isEmpty else {
            (rested, told) = ([:], [:])
            return .settled
        }
        await count(await node.processorSeconds(of: runs))
        let state = cloud.records
        let present = state.earningRuns
        rested = rested.filter { state.cpuCredits[$0.key]?.stoppedAt == nil }
        told = told.filter { present.contains($0.key) }
        let next = cloud.now.adding(seconds: CPUCreditReconciler.interval)
        let isDone = await limit(present, in: state)
        return .lookAgain(at: isDone ? next : cloud.now.adding(seconds: 5))
    }

    private func count(_ seconds: [InstanceID: Double]) async {
        let (state, now) = (cloud.records, cloud.now)
        var busy: [InstanceID: Double] = [:]
        for (id, seconds) in seconds {
            guard let record = state.cpuCredits[id], let instance = state.instances[id] else { continue }
            let counted = record.launch == instance.launch ? record.processorSeconds : 0
            if seconds == counted { rested[id] = now } else { busy[id] = seconds }
        }
        guard let account = busy.keys.first.flatMap({ state.cpuCredits[$0]?.account }) else { return }
        let (worked, rested) = (busy, rested)
        do {
            try await cloud.transact(as: .system(for: account)) { transaction throws(EC2Error) in
                for (id, seconds) in worked {
                    guard var record = transaction.state.cpuCredits[id], record.stoppedAt == nil,
                        let instance = transaction.state.instances[id], let terms = instance.earningTerms
                    else { continue }
                    if let rest = rested[id], rest > record.countedAt { record.count(to: rest, terms) }
                    record.count(to: now, launch: instance.launch, processorSeconds: seconds, terms)
                    transaction.put(record)
                }
            }
            for id in worked.keys { self.rested[id] = nil }
        } catch {
            cloud.log.error("CPU credits could not be written", metadata: ["error": "\(error.logged ?? "")"])
        }
    }

    /// Returns whether all guests obey.
    private func limit(_ runs: [GuestRun], in state: CloudState) async -> Bool {
        var isDone = true
        for run in runs {
            guard let instance = state.instances[run.instance], let terms = instance.earningTerms,
                let credits = state.credits(of: instance, at: cloud.now)
            else { continue }
            let processors = credits.processors(lookingEvery: CPUCreditReconciler.interval, terms)
            guard told[run] != processors else { continue }
            do throws(NodeError) {
                try await node.limitProcessors(of: run, to: processors)
                told[run] = processors
            } catch {
                // One that has just ended is looked at no more.
                if case .noSuchGuest = error { continue }
                cloud.log.warning(
                    "a guest's processors could not be limited",
                    metadata: ["instance": "\(run.instance)", "error": "\(error)"])
                isDone = false
            }
        }
        return isDone
    }
}

extension CloudState {
    /// The guests whose instances earn credits, in the order of their ids.
    fileprivate var earningRuns: [GuestRun] {
        cpuCredits.all.filter { $0.stoppedAt == nil }.compactMap { record in
            guard let instance = instances[record.id], instance.pause == nil else { return nil }
            return GuestRun(instance: instance.id, launch: instance.launch)
        }.sorted { $0.instance < $1.instance }
    }
}
