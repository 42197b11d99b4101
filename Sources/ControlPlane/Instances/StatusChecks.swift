// What looking at a guest that runs has told: kept when it changes, so that it costs nothing while nothing does.
// Follows: EC2 User Guide, "Status checks for your instances".

package import CloudTypes
package import NodeContract

/// What the checks of an instance's present launch found last.
package struct StatusChecks: CloudRecord, Equatable {
    package static let kind = "status-checks"
    package static let table: TablePath<Self> = \.statusChecks

    package var id: InstanceID
    package var account: AccountID
    /// Of another launch than the instance's it tells nothing.
    package var launch: Int
    /// Whether the guest's system answers.
    package var instance = StatusCheck()
    /// Whether its machine does.
    package var system = StatusCheck()
    /// Whether its volumes serve it.
    package var volumes = StatusCheck()

    package init(id: InstanceID, account: AccountID, launch: Int) {
        (self.id, self.account, self.launch) = (id, account, launch)
    }

    /// Seconds that a guest may take to answer for the first time after it began to boot.
    package static let patience = 300.0

    /// Whether nothing but a first answer is missing.
    package var areInitializing: Bool {
        [instance, system, volumes].contains { $0.outcome == .initializing }
    }

    /// Takes in what a look has found.
    ///
    /// - Parameters:
    ///   - health: nil: the node could not look.
    ///   - bootedAt: when its system last began to boot; until it has had its time, silence tells nothing.
    package mutating func note(_ health: GuestHealth?, bootedAt: Timestamp, at now: Timestamp) {
        guard let health else {
            (instance.outcome, system.outcome) = (.insufficientData, .insufficientData)
            volumes.outcome = .insufficientData
            return
        }
        let isBooting = now < bootedAt.adding(seconds: StatusChecks.patience)
        system.note(health.hasMachine, mayWait: false, at: now)
        volumes.note(health.hasDisks, mayWait: false, at: now)
        instance.note(health.isReachable, mayWait: isBooting && health.hasMachine, at: now)
    }
}

package struct StatusCheck: Sendable, Codable, Equatable {
    package enum Outcome: String, Sendable, Codable {
        case initializing, passed, failed
        case insufficientData = "insufficient-data"
    }

    package var outcome = Outcome.initializing
    /// Since when it fails.
    package var impairedSince: Timestamp?
    package init() {}

    fileprivate mutating func note(_ isWell: Bool, mayWait: Bool, at now: Timestamp) {
        if isWell {
            (outcome, impairedSince) = (.passed, nil)
        } else if mayWait {
            (outcome, impairedSince) = (.initializing, nil)
        } else {
            (outcome, impairedSince) = (.failed, impairedSince ?? now)
        }
    }
}

extension CloudState {
    /// What is known of an instance that runs; nil for one that does not.
    package func statusChecks(of instance: InstanceRecord) -> StatusChecks? {
        guard instance.state == .running else { return nil }
        var checks = StatusChecks(id: instance.id, account: instance.account, launch: instance.launch)
        if instance.pause != nil {
            // Its guest is off for a while, and is not looked at.
            checks.note(nil, bootedAt: instance.stateSince, at: instance.stateSince)
        } else if let known = statusChecks[instance.id], known.launch == instance.launch {
            checks = known
        }
        return checks
    }

    /// What the node has to look at; nil where the guest is not to be well now.
    func examination(of instance: InstanceRecord) -> GuestExamination? {
        guard instance.state == .running, instance.pause == nil else { return nil }
        return GuestExamination(run: GuestRun(instance: instance.id, launch: instance.launch), port: port(of: instance))
    }

    private func port(of instance: InstanceRecord) -> GuestExamination.Port? {
        let interfaces = networkInterfaces.all(where: IndexKey(.instance, instance.id))
        guard let primary = interfaces.first(where: { $0.attachment?.deviceIndex == 0 }),
            let address = primary.primaryAddress, let subnet = subnets[primary.subnet]
        else { return nil }
        return GuestExamination.Port(
            interface: primary.id, vpc: primary.vpc, address: address,
            router: subnet.cidrBlock.address.advanced(by: 1))
    }
}
