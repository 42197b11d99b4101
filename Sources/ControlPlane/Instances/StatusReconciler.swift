// Looks at the guests that run: all of them once a minute, those that have not answered yet more often.
// One deadline for the whole node. What it finds is written only where it differs from what is known.

internal import CloudTypes
internal import Logging
package import NodeContract

package actor StatusReconciler {
    /// The one piece of work there is.
    package static let key = "guests"
    /// Seconds from one look at all guests to the next.
    private static let interval = 60.0
    /// Seconds between two looks at guests that have not answered yet.
    private static let bootInterval = 5.0

    private let cloud: Cloud
    private let node: any Node
    /// Guests that have not answered since they began to boot.
    private var fresh: Set<InstanceID> = []
    private var nextRound: Timestamp?
    /// When systems were last seen to begin to boot, and those whose kernel panicked and that did not since.
    private var boots: [InstanceID: Timestamp] = [:]
    private var panicked: Set<InstanceID> = []

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    /// The guest's system began to boot.
    func noteBoot(_ id: InstanceID, at moment: Timestamp) {
        boots[id] = moment
        fresh.insert(id)
        panicked.remove(id)
    }

    func notePanic(_ id: InstanceID) {
        panicked.insert(id)
        fresh.insert(id)
    }

    /// It is looked at once, at once.
    func noteNews(of id: InstanceID) { fresh.insert(id) }

    func work(_ key: String) async -> WorkOutcome {
        let (state, now) = (cloud.records, cloud.now)
        let isRound = nextRound.map { $0 <= now } ?? true
        let candidates = isRound ? state.instances.all : fresh.sorted().compactMap { state.instances[$0] }
        let examinations = candidates.compactMap(state.examination)
        if isRound {
            nextRound = examinations.isEmpty ? nil : now.adding(seconds: StatusReconciler.interval)
            let running = Set(examinations.map(\.run.instance))
            boots = boots.filter { running.contains($0.key) }
        }
        // Whoever is marked from here on is looked at once more.
        fresh = []
        if !examinations.isEmpty { await look(at: examinations) }
        let after = cloud.records
        for id in examinations.map(\.run.instance) {
            guard let instance = after.instances[id], after.examination(of: instance) != nil,
                after.statusChecks(of: instance)?.areInitializing == true
            else { continue }
            fresh.insert(id)
        }
        guard let nextRound else { return .settled }
        guard !fresh.isEmpty else { return .lookAgain(at: nextRound) }
        return .lookAgain(at: min(nextRound, cloud.now.adding(seconds: StatusReconciler.bootInterval)))
    }

    private func look(at examinations: [GuestExamination]) async {
        var found: [InstanceID: GuestHealth]?
        do { found = try await node.examine(examinations) } catch {
            cloud.log.warning("guests could not be looked at", metadata: ["error": "\(error)"])
        }
        let (state, now) = (cloud.records, cloud.now)
        let news = examinations.compactMap { examination -> StatusChecks? in
            guard let instance = state.instances[examination.run.instance],
                state.examination(of: instance) == examination, let known = state.statusChecks(of: instance)
            else { return nil }
            // A guest that is not in the answer has just gone: its end is told by an event.
            if let found, found[instance.id] == nil { return nil }
            var checks = known
            var health = found?[instance.id]
            if panicked.contains(instance.id) { health?.isReachable = false }
            checks.note(health, bootedAt: bootedAt(instance), at: now)
            return checks == known ? nil : checks
        }
        await write(news)
    }

    /// A panic ends a boot: what comes after it is told as a restart.
    private func bootedAt(_ instance: InstanceRecord) -> Timestamp {
        if panicked.contains(instance.id) { return Timestamp(milliseconds: 0) }
        return max(instance.stateSince, boots[instance.id] ?? instance.stateSince)
    }

    private func write(_ news: [StatusChecks]) async {
        guard let account = news.first?.account else { return }
        do {
            try await cloud.transact(as: .system(for: account)) { transaction throws(EC2Error) in
                for checks in news {
                    guard let instance = transaction.state.instances[checks.id], instance.launch == checks.launch,
                        instance.state == .running
                    else { continue }
                    transaction.put(checks)
                }
            }
        } catch {
            cloud.log.error("what guests answered could not be written", metadata: ["error": "\(error.logged ?? "")"])
        }
    }
}
