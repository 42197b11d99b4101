// Which step brings an instance nearer to what is wanted: decided from the record and what the node saw, nothing else.
// Does no I/O; `InstanceReconciler` carries out what is decided here.
// Follows: EC2 User Guide, "Amazon EC2 instance state changes".

package import CloudTypes
package import NodeContract

//  pending ─guest runs─▶ running ─stop─▶ stopping ─guest gone─▶ stopped ─start─▶ pending
//     └──────────────────────┴── terminate ──┴──────────────────────┘─▶ shutting-down ─guest gone─▶ terminated

package enum InstanceStep: Sendable, Equatable {
    /// The world is as wanted.
    case settled
    /// Prepare disks and network, and boot.
    case start
    /// The node says that the guest of this launch runs.
    case becomeRunning
    /// Press the power button, and cut the power at the deadline.
    case powerDown(deadline: Timestamp)
    /// Cut the power.
    case kill
    /// The guest is gone and the instance was to stop, or ended by itself and stops.
    case becomeStopped(InstanceStateReason?)
    /// The guest is gone and the instance was to be terminated, or ended by itself and terminates.
    case becomeTerminated(InstanceStateReason?)
    /// Save the guest's memory, and switch it off.
    case hibernate
    /// The guest is gone, and its memory saved.
    case becomeHibernated
    /// The saved memory is of no use any more.
    case dropMemory
    /// Ask the guest to restart; reset it at the deadline.
    case reboot(deadline: Timestamp)
    /// The guest did not restart by itself in time.
    case reset
    /// The guest restarted, as was asked for.
    case becomeRebooted
    /// The guest is gone for the time of a pause.
    case becomeOff
    /// The guest that a pause had taken runs again.
    case becomeResumed
    /// The guest died: it is to be booted again, as a new launch.
    case recover
}

package struct InstanceLifecycle: Sendable {
    /// Seconds a guest gets to shut down before the power is cut.
    package struct Patience: Sendable {
        package var stop = 120.0
        package var forcedStop = 15.0
        package var termination = 30.0
        package var reboot = 120.0
        package init() {}
    }

    private let record: InstanceRecord
    private let observed: GuestObservation?
    private let restartedAt: Timestamp?
    private let patience: Patience

    /// - Parameter restartedAt: when the guest was last seen to restart.
    package init(
        _ record: InstanceRecord, observed: GuestObservation?, restartedAt: Timestamp? = nil,
        patience: Patience = Patience()
    ) {
        (self.record, self.observed, self.restartedAt, self.patience) = (record, observed, restartedAt, patience)
    }

    package func step(at now: Timestamp) -> InstanceStep {
        switch record.state {
        case .pending: record.waitsForRoom == true ? .settled : bootStep(.becomeRunning)
        case .running: record.pause.map { pauseStep($0, at: now) } ?? runningStep(at: now)
        case .stopping: record.hibernation == .saving ? savingStep(at: now) : endingStep(at: now, .becomeStopped(nil))
        case .shuttingDown: endingStep(at: now, .becomeTerminated(nil))
        case .stopped: isGuestThere ? .kill : hasUnwantedMemory ? .dropMemory : .settled
        case .terminated: isGuestThere ? .kill : .settled
        }
    }

    private var isGuestThere: Bool {
        if case .running = observed { return true }
        return false
    }

    private var hasUnwantedMemory: Bool {
        if case .ended(_, .hibernated) = observed { return record.hibernation == nil }
        return false
    }

    /// A guest that ended in another way has no memory that could be gone on with.
    private func savingStep(at now: Timestamp) -> InstanceStep {
        switch observed {
        case .running: .hibernate
        case .ended(let launch, .hibernated) where launch == record.launch: .becomeHibernated
        case .ended, nil: .becomeStopped(nil)
        }
    }

    private func bootStep(_ end: InstanceStep) -> InstanceStep {
        switch observed {
        case .running(let launch) where launch == record.launch: end
        case .ended(let launch, _) where launch == record.launch: end
        case .running: .kill
        case .ended, nil: .start
        }
    }

    private func runningStep(at now: Timestamp) -> InstanceStep {
        switch observed {
        case .running: rebootStep(at: now)
        case .ended(_, .guestShutdown):
            switch record.shutdownBehavior {
            case .stop: .becomeStopped(.instanceShutdown)
            case .terminate: .becomeTerminated(.instanceShutdown)
            }
        case .ended(_, .died), nil: record.mayRecover(at: now) ? .recover : .becomeStopped(.guestDied)
        case .ended(_, .requested), .ended(_, .hibernated): .becomeStopped(.guestDied)
        }
    }

    private func pauseStep(_ pause: GuestPause, at now: Timestamp) -> InstanceStep {
        switch pause {
        case .shuttingDown(let since):
            guard isGuestThere else { return .becomeOff }
            let deadline = since.adding(seconds: patience.reboot)
            return now < deadline ? .powerDown(deadline: deadline) : .kill
        case .off: return isGuestThere ? .kill : .settled
        case .resuming: return bootStep(.becomeResumed)
        }
    }

    private func rebootStep(at now: Timestamp) -> InstanceStep {
        guard record.rebootsWanted > record.rebootsDone, let since = record.rebootSince else { return .settled }
        if let restartedAt, restartedAt >= since { return .becomeRebooted }
        let deadline = since.adding(seconds: patience.reboot)
        return now < deadline ? .reboot(deadline: deadline) : .reset
    }

    private func endingStep(at now: Timestamp, _ end: InstanceStep) -> InstanceStep {
        guard isGuestThere else { return end }
        let seconds =
            switch record.shutdown {
            case .powerCut: 0.0
            case .forced: patience.forcedStop
            case .graceful: record.state == .shuttingDown ? patience.termination : patience.stop
            }
        let deadline = record.stateSince.adding(seconds: seconds)
        return now < deadline ? .powerDown(deadline: deadline) : .kill
    }
}
