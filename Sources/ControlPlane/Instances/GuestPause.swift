// A time in which an instance that is said to run has its guest off: for an image of clean disks, or for another root
// volume. It ends with the guest booted again, as a new launch, whatever became of what it was for.

package import CloudTypes
package import NodeContract

//  (running) ─pause─▶ shutting down ─guest gone─▶ off ─resume─▶ resuming ─guest runs─▶ (running)
package enum GuestPause: Sendable, Codable, Equatable {
    /// The guest is asked to shut down, and its power cut when it does not listen.
    case shuttingDown(since: Timestamp)
    /// Nobody has the disks.
    case off(since: Timestamp)
    /// The guest of the record's launch is to run.
    case resuming

    /// Seconds that what a pause is for may take while the guest is off.
    static let longest = 30.0
}

/// Who has an instance's disks open.
enum DiskHolder: Sendable, Equatable {
    case nobody
    case guest(GuestRun)
    /// The guest is on its way up or down.
    case changing
}

extension VolumeRecord {
    /// The guest that has it open, as far as the records tell.
    package func guest(in state: CloudState) -> GuestRun? {
        guard case .guest(let run) = state.holder(of: self) else { return nil }
        return run
    }
}

extension InstanceRecord {
    var diskHolder: DiskHolder {
        switch state {
        case .running:
            switch pause {
            case nil: .guest(GuestRun(instance: id, launch: launch))
            case .off: .nobody
            case .shuttingDown, .resuming: .changing
            }
        case .stopped, .terminated: .nobody
        case .pending, .stopping, .shuttingDown: .changing
        }
    }

    /// From when the guest's time to shut down counts.
    var shutdownSince: Timestamp {
        if case .shuttingDown(let since) = pause { return since }
        return stateSince
    }
}

extension Transaction {
    /// Asks for the guest to be off for a while. Only for an instance that runs and has no pause.
    mutating func pause(_ id: InstanceID) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            guard instance.state == .running, instance.pause == nil else { return }
            instance.pause = .shuttingDown(since: now)
        }
    }

    /// The guest is gone for the time of the pause, and with it what was on its way between it and its volumes.
    mutating func becomeOff(_ id: InstanceID) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            guard case .shuttingDown = instance.pause else { return }
            instance.pause = .off(since: now)
        }
        settleAttachments(of: id)
    }

    /// What the pause was for is done, or takes too long.
    mutating func resume(_ id: InstanceID) {
        update(id, InstanceRecord.self) { instance in
            guard case .off = instance.pause else { return }
            instance.pause = .resuming
            instance.launch += 1
        }
    }

    /// The guest runs again; what was attached meanwhile and missed its boot is plugged in now. A reboot that was asked for meanwhile has happened with it.
    mutating func becomeResumed(_ id: InstanceID) {
        update(id, InstanceRecord.self) { instance in
            guard instance.pause == .resuming else { return }
            (instance.pause, instance.rebootsDone) = (nil, instance.rebootsWanted)
        }
    }
}
