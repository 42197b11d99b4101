// Which step brings a spot instance request nearer to what is wanted: decided from the records, nothing else.
// Does no I/O; `SpotReconciler` carries out what is decided here.
// Follows: EC2 User Guide, "Spot Instance request states", "Spot Instance interruptions".

package import CloudTypes

//  open ─fulfilled─▶ active ─instance gone─▶ closed (one-time), open (persistent)
//    │                 └─stopped: by its owner ─▶ disabled ─started─▶ active; for lack of capacity ─▶ open
//    ├─expired─▶ closed        cancelled: nothing more is launched; an instance that lacks capacity goes, others stay
//    └─what cannot be launched─▶ failed
package enum SpotStep: Sendable, Equatable {
    case settled
    case wait(until: Timestamp)
    case expire
    /// Launch an instance, if there is room.
    case fulfil
    /// Start the instance that was stopped for lack of capacity, if there is room.
    case restart
    /// The notice is over: take the instance away.
    case interrupt
    /// The instance runs again.
    case activate
    /// The owner stopped the instance.
    case disable
    /// The instance was stopped for lack of capacity.
    case suspend
    /// Its request is cancelled, and nobody else may start the instance: it goes.
    case release
    /// The instance is gone.
    case end
}

package struct SpotLifecycle: Sendable {
    private let request: SpotRequestRecord
    private let instance: InstanceRecord?

    package init(_ request: SpotRequestRecord, in state: CloudState) {
        self.init(request, instance: request.instance.flatMap { state.instances[$0] })
    }

    package init(_ request: SpotRequestRecord, instance: InstanceRecord?) {
        (self.request, self.instance) = (request, instance)
    }

    package func step(at now: Timestamp) -> SpotStep {
        switch request.state {
        case .open: openStep(at: now)
        case .active: activeStep(at: now)
        case .disabled: isGone ? .end : instance?.state == .stopped ? .settled : .activate
        case .cancelled: wasSuspended ? .release : noticeStep(at: now)
        case .closed, .failed: .settled
        }
    }

    private var isGone: Bool { instance.map { $0.state == .terminated } ?? true }
    private var wasSuspended: Bool { instance?.wasStoppedForCapacity ?? false }

    private func openStep(at now: Timestamp) -> SpotStep {
        switch instance?.state {
        case .stopped: return .restart
        case .pending, .running: return .activate
        case .stopping, .shuttingDown: return .settled
        case .terminated, nil: break
        }
        if request.instance != nil, request.status.code == "instance-stopped-no-capacity" { return .end }
        if let end = request.wish.validUntil, end <= now { return .expire }
        if let start = request.wish.validFrom, start > now { return .wait(until: start) }
        return .fulfil
    }

    private func activeStep(at now: Timestamp) -> SpotStep {
        guard let instance, !isGone else { return .end }
        guard instance.state == .stopped else { return noticeStep(at: now) }
        // Its owner may have been quicker than a notice that was given.
        return wasSuspended ? .suspend : .disable
    }

    private func noticeStep(at now: Timestamp) -> SpotStep {
        guard let instance, [.pending, .running].contains(instance.state), let spot = instance.spot,
            let notice = spot.interruption
        else { return .settled }
        guard notice.due <= now else { return .wait(until: notice.due) }
        // A guest that is not there yet cannot be stopped: the request is looked at again when it is.
        return spot.behavior != .terminate && instance.state == .pending ? .settled : .interrupt
    }
}
