// Carries each instance towards its record: looks, asks `InstanceLifecycle` for the next step, does it, and looks again.
// Every step may be repeated: after a crash the same questions give the same answers.

package import CloudTypes
internal import Logging
package import NodeContract

package actor InstanceReconciler {
    private let cloud: Cloud
    private let node: any Node
    private let networks: NetworkReconciler
    private let volumes: VolumeReconciler
    private let metadata: MetadataReconciler
    private let patience: InstanceLifecycle.Patience
    /// What the node last told of each guest.
    private var observed: [InstanceID: GuestObservation] = [:]
    /// Power buttons pressed and reboots asked for, so that each is done once a life of ours.
    private var pressed: [InstanceID: Timestamp] = [:]
    private var rebooted: [InstanceID: Int] = [:]
    /// When each guest was last seen to restart.
    private var restarts: [InstanceID: Timestamp] = [:]
    /// Launches that the node could not carry out and whose records do not tell so yet: never tried again.
    private var failed: [InstanceID: FailedLaunch] = [:]

    private struct FailedLaunch {
        let launch: Int
        let reason: InstanceStateReason
    }

    package init(
        cloud: Cloud, node: any Node, networks: NetworkReconciler, volumes: VolumeReconciler,
        metadata: MetadataReconciler, patience: InstanceLifecycle.Patience
    ) {
        (self.cloud, self.node, self.networks) = (cloud, node, networks)
        (self.volumes, self.metadata, self.patience) = (volumes, metadata, patience)
    }

    /// Takes in what the node tells. News may come late: a guest does not run again once it has ended, and an older
    /// launch tells nothing of a newer one.
    package func observe(_ instance: InstanceID, _ observation: GuestObservation) {
        if observation.isNewer(than: observed[instance]) { observed[instance] = observation }
    }

    /// Takes in that the guest restarted, be it while we were away.
    func noteRestart(_ instance: InstanceID, at moment: Timestamp) {
        if restarts[instance].map({ $0 < moment }) ?? true { restarts[instance] = moment }
    }

    /// One step for the instance, and the next, until it is as wanted or has to wait.
    func work(_ id: InstanceID) async -> WorkOutcome {
        while !Task.isCancelled {
            guard let record = cloud.records.instances[id] else { return await removeStranger(id) }
            if let failure = failed[id] {
                if let outcome = await giveUp(record, failure) { return outcome }
                continue
            }
            let step = InstanceLifecycle(
                record, observed: observed[id], restartedAt: restarts[id], patience: patience
            ).step(at: cloud.now)
            do {
                if let outcome = try await carryOut(step, record) { return outcome }
            } catch {
                return await fail(record, step, error)
            }
        }
        return .settled
    }

    /// Returns nil where the next step may follow at once.
    private func carryOut(_ step: InstanceStep, _ record: InstanceRecord) async throws(NodeError) -> WorkOutcome? {
        let id = record.id
        switch step {
        case .settled: return .settled
        case .start:
            // The change of what it waits for brings it back.
            let state = cloud.records
            if state.isReadByCopies(id), state.readsMoments(id) { return .settled }
            try await start(record)
        case .becomeRunning: return await write(record) { $0.becomeRunning(id) }
        case .becomeStopped(let reason):
            try await keepStore(false, record)
            return await write(record) { $0.becomeStopped(id, reason: reason) }
        case .becomeTerminated(let reason):
            try await node.forgetGuest(id)
            forget(id)
            return await write(record) { $0.becomeTerminated(id, reason: reason) }
        case .powerDown(let deadline): return try await powerDown(record, deadline)
        case .kill:
            if record.pause != nil { try await keepStore(true, record) }
            try await node.killGuest(id)
            noteEnd(of: record, .requested)
        case .reboot(let deadline): return try await reboot(record, deadline)
        case .reset:
            try await node.resetGuest(id)
            noteRestart(id, at: cloud.now)
        case .hibernate: return try await hibernate(record)
        case .becomeHibernated: return await write(record) { $0.becomeHibernated(id) }
        case .dropMemory:
            try await node.dropMemory(of: id)
            if let launch = observed[id]?.launch { observed[id] = .ended(launch: launch, .requested) }
        case .becomeOff: return await write(record) { $0.becomeOff(id) }
        case .becomeResumed:
            try await keepStore(false, record)
            return await write(record) { $0.becomeResumed(id) }
        case .recover:
            cloud.log.warning("a guest that died is booted again", metadata: ["instance": "\(id)"])
            return await write(record) { $0.recover(id) }
        case .becomeRebooted:
            return await write(record) { $0.update(id, InstanceRecord.self) { $0.rebootsDone = record.rebootsWanted } }
        }
        return nil
    }

    /// Disks and network first, side by side; then what the guest will ask for at boot; then the guest.
    private func start(_ record: InstanceRecord) async throws(NodeError) {
        pressed[record.id] = nil
        let wanted = cloud.records.volumes.ids(where: IndexKey(.instance, record.id))
        async let network: Void = networks.converge(record.vpc)
        for volume in wanted { try await volumes.ensure(volume) }
        do { try await network } catch { throw (error as? NodeError) ?? .hostFailed("\(error)") }
        let state = cloud.records
        guard let current = state.instances[record.id], current.isToBoot, current.launch == record.launch
        else {
            return
        }
        guard let spec = GuestSpec(of: current, in: state, settings: cloud.settings) else {
            throw .hostFailed("the records of \(record.id) are not complete")
        }
        try await metadata.converge(record.id)
        try await node.startGuest(spec)
        observe(record.id, .running(launch: spec.launch))
    }

    private func powerDown(_ record: InstanceRecord, _ deadline: Timestamp) async throws(NodeError) -> WorkOutcome {
        if pressed[record.id] != record.shutdownSince {
            if record.pause != nil { try await keepStore(true, record) }
            try await node.powerDownGuest(record.id)
            pressed[record.id] = record.shutdownSince
        }
        return .lookAgain(at: deadline)
    }

    /// Where the memory cannot be saved the guest shuts down, as AWS does.
    private func hibernate(_ record: InstanceRecord) async throws(NodeError) -> WorkOutcome? {
        let run = GuestRun(instance: record.id, launch: record.launch)
        let root = cloud.records.rootVolume(of: record)?.id
        guard let root, try await node.hibernateGuest(run, sealedAs: root) else {
            cloud.log.warning("an instance that cannot hibernate shuts down", metadata: ["instance": "\(record.id)"])
            return await write(record) { $0.shutDownInstead(record.id) }
        }
        noteEnd(of: record, .hibernated)
        return nil
    }

    /// Over a pause the instance keeps its instance store, which ends with its machine otherwise.
    private func keepStore(_ isKept: Bool, _ record: InstanceRecord) async throws(NodeError) {
        guard !GuestSpec.scratch(of: record, percent: 100).isEmpty else { return }
        try await node.keepInstanceStore(isKept, of: record.id)
    }

    private func reboot(_ record: InstanceRecord, _ deadline: Timestamp) async throws(NodeError) -> WorkOutcome {
        if rebooted[record.id] != record.rebootsWanted {
            try await node.rebootGuest(record.id)
            rebooted[record.id] = record.rebootsWanted
        }
        return .lookAgain(at: deadline)
    }

    /// A guest that no record wants. One whose record is there and cannot be read is left alone.
    private func removeStranger(_ id: InstanceID) async -> WorkOutcome {
        guard observed[id] != nil, !cloud.isUnreadable(id, InstanceRecord.self) else { return .settled }
        do {
            try await node.killGuest(id)
            try await node.forgetGuest(id)
            forget(id)
            return .settled
        } catch {
            cloud.log.error("a stray guest could not be removed", metadata: ["instance": "\(id)", "error": "\(error)"])
            return .lookAgain(at: cloud.now.adding(seconds: 5))
        }
    }

    private func forget(_ id: InstanceID) {
        (observed[id], pressed[id], rebooted[id], restarts[id], failed[id]) = (nil, nil, nil, nil, nil)
    }

    private func noteEnd(of record: InstanceRecord, _ end: GuestEnd) {
        observe(record.id, .ended(launch: observed[record.id]?.launch ?? record.launch, end))
    }

    /// A launch that the node cannot carry out ends; anything else is tried again.
    private func fail(_ record: InstanceRecord, _ step: InstanceStep, _ error: NodeError) async -> WorkOutcome {
        let id = record.id
        let details: Logger.Metadata = ["instance": "\(id)", "step": "\(step)", "error": "\(error)"]
        cloud.log.error("an instance could not be brought on", metadata: details)
        if case .noSuchGuest = error {
            noteEnd(of: record, .died)
            return .lookAgain(at: cloud.now)
        }
        guard step == .start else { return .lookAgain(at: cloud.now.adding(seconds: 2)) }
        let reason: InstanceStateReason =
            switch error {
            case .insufficientCapacity: .insufficientCapacity
            case .instanceStoreLost: .instanceStoreLost
            case .noSuchGuest, .noSuchSnapshot, .momentLost, .damagedSnapshot, .noSuchImage, .hostFailed: .internalError
            }
        failed[id] = FailedLaunch(launch: record.launch, reason: reason)
        return .lookAgain(at: cloud.now)
    }

    /// An instance that never ran is terminated, another one stops: as AWS does. What failed may have happened all the
    /// same, and its news may be late: the launch is not tried again, and a guest of it is killed first.
    private func giveUp(_ record: InstanceRecord, _ failure: FailedLaunch) async -> WorkOutcome? {
        let id = record.id
        do {
            try await node.killGuest(id)
            try await keepStore(false, record)
        } catch {
            guard case .noSuchGuest = error else { return .lookAgain(at: cloud.now.adding(seconds: 2)) }
        }
        if record.isToBoot, record.launch == failure.launch {
            let refusal = await write(record) { transaction in
                if record.launch == 1 {
                    transaction.terminate(id, .powerCut)
                    transaction.update(id, InstanceRecord.self) { $0.stateReason = failure.reason }
                } else {
                    transaction.becomeStopped(id, reason: failure.reason)
                }
            }
            if let refusal { return refusal }
        }
        failed[id] = nil
        return nil
    }

    /// Writes back what was observed, unless the record moved on meanwhile. Returns nil where the next step may follow.
    @discardableResult
    private func write(
        _ record: InstanceRecord, _ change: @Sendable (inout Transaction) -> Void
    ) async -> WorkOutcome? {
        do {
            try await cloud.transact(as: .system(for: record.account)) { transaction throws(EC2Error) in
                guard let current = transaction.state.instances[record.id],
                    current.state == record.state, current.launch == record.launch, current.pause == record.pause
                else { return }
                change(&transaction)
            }
            return nil
        } catch {
            cloud.log.error("an instance's record could not be written", metadata: ["instance": "\(record.id)"])
            return .lookAgain(at: cloud.now.adding(seconds: 1))
        }
    }
}

extension InstanceRecord {
    /// Whether the guest of the launch is to be booted.
    fileprivate var isToBoot: Bool { state == .pending || state == .running && pause == .resuming }
}

extension GuestObservation {
    fileprivate var launch: Int {
        switch self {
        case .running(let launch), .ended(let launch, _): launch
        }
    }

    private var hasEnded: Bool {
        switch self {
        case .running: false
        case .ended: true
        }
    }

    fileprivate func isNewer(than other: GuestObservation?) -> Bool {
        guard let other else { return true }
        return launch == other.launch ? hasEnded && !other.hasEnded : launch > other.launch
    }
}
