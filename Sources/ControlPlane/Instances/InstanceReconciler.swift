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
    private let patience: InstanceLifecycle.Patience
    /// What the node last told of each guest.
    private var observed: [InstanceID: GuestObservation] = [:]
    /// Power buttons pressed and reboots asked for, so that each is done once a life of ours.
    private var pressed: [InstanceID: Timestamp] = [:]
    private var rebooted: [InstanceID: Int] = [:]

    package init(
        cloud: Cloud, node: any Node, networks: NetworkReconciler, volumes: VolumeReconciler,
        patience: InstanceLifecycle.Patience
    ) {
        (self.cloud, self.node, self.networks) = (cloud, node, networks)
        (self.volumes, self.patience) = (volumes, patience)
    }

    package func observe(_ instance: InstanceID, _ observation: GuestObservation?) { observed[instance] = observation }

    /// One step for the instance, and the next, until it is as wanted or has to wait.
    func work(_ id: InstanceID) async -> WorkOutcome {
        while !Task.isCancelled {
            guard let record = cloud.records.instances[id] else { return await removeStranger(id) }
            let step = InstanceLifecycle(record, observed: observed[id], patience: patience).step(at: cloud.now)
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
        case .start: try await start(record)
        case .becomeRunning: return await write(record) { $0.becomeRunning(id) }
        case .becomeStopped(let reason): return await write(record) { $0.becomeStopped(id, reason: reason) }
        case .becomeTerminated(let reason):
            try await node.forgetGuest(id)
            observed[id] = nil
            try? await node.setMetadata(nil, of: id)
            return await write(record) { $0.becomeTerminated(id, reason: reason) }
        case .powerDown(let deadline): return try await powerDown(record, deadline)
        case .kill:
            try await node.killGuest(id)
            observed[id] = .ended(launch: record.launch, .requested)
        case .reboot(let deadline): return try await reboot(record, deadline)
        case .reset:
            try await node.resetGuest(id)
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
        guard let current = state.instances[record.id], current.state == .pending, current.launch == record.launch
        else {
            return
        }
        guard let spec = GuestSpec(of: current, in: state) else {
            throw .hostFailed("the records of \(record.id) are not complete")
        }
        try await node.setMetadata(
            InstanceMetadata(of: current, in: state, settings: cloud.settings), of: record.id)
        try await node.startGuest(spec)
        observed[record.id] = .running(launch: spec.launch)
    }

    private func powerDown(_ record: InstanceRecord, _ deadline: Timestamp) async throws(NodeError) -> WorkOutcome {
        if pressed[record.id] != record.stateSince {
            pressed[record.id] = record.stateSince
            try await node.powerDownGuest(record.id)
        }
        return .lookAgain(at: deadline)
    }

    private func reboot(_ record: InstanceRecord, _ deadline: Timestamp) async throws(NodeError) -> WorkOutcome {
        if rebooted[record.id] != record.rebootsWanted {
            rebooted[record.id] = record.rebootsWanted
            try await node.rebootGuest(record.id)
        }
        return .lookAgain(at: deadline)
    }

    /// The guest restarted: what was asked for is done.
    func noteReset(_ id: InstanceID) async {
        guard let record = cloud.records.instances[id], record.rebootsWanted > record.rebootsDone else { return }
        await write(record) { $0.update(id, InstanceRecord.self) { $0.rebootsDone = record.rebootsWanted } }
    }

    /// A guest that no record wants.
    private func removeStranger(_ id: InstanceID) async -> WorkOutcome {
        guard observed[id] != nil else { return .settled }
        do {
            try await node.killGuest(id)
            try await node.forgetGuest(id)
            observed[id] = nil
            return .settled
        } catch {
            cloud.log.error("a stray guest could not be removed", metadata: ["instance": "\(id)", "error": "\(error)"])
            return .lookAgain(at: cloud.now.adding(seconds: 5))
        }
    }

    /// A launch that the node cannot carry out ends; anything else is tried again.
    private func fail(_ record: InstanceRecord, _ step: InstanceStep, _ error: NodeError) async -> WorkOutcome {
        let details: Logger.Metadata = ["instance": "\(record.id)", "step": "\(step)", "error": "\(error)"]
        cloud.log.error("an instance could not be brought on", metadata: details)
        if case .noSuchGuest = error {
            observed[record.id] = .ended(launch: record.launch, .died)
            return .lookAgain(at: cloud.now)
        }
        guard step == .start else { return .lookAgain(at: cloud.now.adding(seconds: 2)) }
        let reason: InstanceStateReason =
            if case .insufficientCapacity = error { .insufficientCapacity } else { .internalError }
        let outcome = await write(record) { transaction in
            if record.launch == 1 {
                transaction.terminate(record.id, .powerCut)
                transaction.update(record.id, InstanceRecord.self) { $0.stateReason = reason }
            } else {
                transaction.becomeStopped(record.id, reason: reason)
            }
        }
        return outcome ?? .lookAgain(at: cloud.now)
    }

    /// Writes back what was observed, unless the record moved on meanwhile. Returns nil where the next step may follow.
    @discardableResult
    private func write(
        _ record: InstanceRecord, _ change: @Sendable (inout Transaction) -> Void
    ) async -> WorkOutcome? {
        do {
            try await cloud.transact(as: .system(for: record.account)) { transaction throws(EC2Error) in
                guard let current = transaction.state.instances[record.id],
                    current.state == record.state, current.launch == record.launch
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
