// A guest's life on this host: which state may follow which, and what a launch means in each.
// Does no I/O; `Guest` carries out what is decided here.

import HostSystem
import NodeContract

//  absent ─launch─▶ starting ─processors run─▶ running ─process gone─▶ ended ─launch─▶ starting …
//     ▲                │ failed                                          │
//     └────────────────┴─────────────────────── forget ──────────────────┘
enum GuestState {
    case absent
    case starting(Starting)
    case running(Running)
    case ended(launch: Int, GuestEnd)

    struct Starting {
        let launch: Int
        /// Nil until the process exists.
        var process: ProcessWatch?
        /// Whether it was asked to end before it ran.
        var isCancelled = false
    }

    struct Running {
        var record: GuestRecord
        let process: ProcessWatch
        let monitor: GuestMonitor
        /// Whether this run of ours is cutting its power; an earlier run's wish to do so stands in the record alone.
        var isEnding = false
    }

    enum LaunchDecision: Equatable {
        case start
        /// It runs already.
        case done
        /// The same is being done by someone else, or an end is near: look again when the state changed.
        case wait
        case killFirst
        case refuse(String)
    }

    func decide(launching launch: Int) -> LaunchDecision {
        let current: Int
        switch self {
        case .absent: return .start
        case .ended(let last, _): return launch < last ? .refuse("launch \(last) came after it") : .start
        case .starting(let starting):
            if starting.launch == launch { return .wait }
            current = starting.launch
        case .running(let running):
            current = running.record.spec.launch
            if current == launch { return running.isEnding ? .wait : .done }
        }
        return launch > current ? .killFirst : .refuse("launch \(current) came after it")
    }

    var observation: GuestObservation? {
        switch self {
        case .absent, .starting: nil
        case .running(let running): .running(launch: running.record.spec.launch)
        case .ended(let launch, let end): .ended(launch: launch, end)
        }
    }
}
