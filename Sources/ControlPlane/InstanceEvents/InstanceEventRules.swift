// Scheduled events: how they are made, put off, called off, and carried out.
// Source: EC2 API Reference, "ModifyInstanceEventStartTime", "InstanceStatusEvent", "StateReason"; User Guide,
// "Scheduled events for Amazon EC2 instances".

package import CloudTypes

extension Transaction {
    /// Seconds before which an owner cannot put an event.
    private static let shortestDelay = 3_600.0
    /// Seconds that an event which ended is still told of.
    private static let endedEventLife = 604_800.0

    /// - Throws: `InvalidInstanceID.NotFound`, `InvalidParameterValue` for times that are not in order.
    package mutating func scheduleEvent(
        _ code: InstanceEvent.Code, of id: InstanceID, description: String, notBefore: Timestamp,
        notAfter: Timestamp?, deadline: Timestamp?
    ) throws(EC2Error) -> InstanceEvent {
        guard let instance = state.instances[id], instance.state != .terminated else { throw .notFound(id) }
        guard notAfter.map({ $0 >= notBefore }) ?? true, deadline.map({ $0 >= notBefore }) ?? true else {
            throw .invalidParameterValue("The event's end and deadline must not be before its beginning.")
        }
        // Where the owner has windows for such events, it begins in one.
        let begin = opening(for: instance, code, from: notBefore)
        let event = InstanceEvent(
            id: newID(), code: code, description: description, notBefore: begin,
            notAfter: notAfter?.adding(seconds: begin.seconds(since: notBefore)),
            deadline: deadline.map { max($0, begin) })
        update(id, InstanceRecord.self) { $0.events = ($0.events ?? []) + [event] }
        return event
    }

    /// Forgets events that ended a week ago.
    mutating func forgetEndedEvents() {
        let last = now.adding(seconds: -Transaction.endedEventLife)
        for instance in state.instances.all {
            guard let events = instance.events else { continue }
            let kept = events.filter { event in event.endedAt.map { $0 > last } ?? true }
            guard kept.count < events.count else { continue }
            update(instance.id, InstanceRecord.self) { $0.events = kept.isEmpty ? nil : kept }
        }
    }

    /// - Throws: `InvalidInstanceEventIDNotFound` also for one that has ended.
    package mutating func cancelEvent(_ id: InstanceEventID, of instance: InstanceID) throws(EC2Error) {
        _ = try activeEvent(id, of: instance)
        change(id, of: instance) { [now] in ($0.state, $0.endedAt) = (.canceled, now) }
    }

    /// A stopped instance that starts does so on hardware that nobody has anything in mind with.
    mutating func callOffEvents(of id: InstanceID) {
        for event in state.instances[id]?.events ?? [] where event.state == .active {
            change(event.id, of: id) { [now] in ($0.state, $0.endedAt) = (.canceled, now) }
        }
    }

    /// - Throws: `InvalidInstanceEventIDNotFound`, `InvalidInstanceEventStartTime`.
    package mutating func postponeEvent(
        _ id: InstanceEventID, of instance: InstanceID, to notBefore: Timestamp
    ) throws(EC2Error) -> InstanceEvent {
        let event = try activeEvent(id, of: instance)
        guard let deadline = event.deadline, event.notBefore > now else {
            throw EC2Error(
                "InvalidInstanceEventStartTime", "The event '\(id)' cannot be rescheduled.")
        }
        guard notBefore >= now.adding(seconds: Transaction.shortestDelay), notBefore <= deadline else {
            throw EC2Error(
                "InvalidInstanceEventStartTime",
                "The event must start at least an hour from now, and not after its deadline (\(deadline)).")
        }
        let length = event.notAfter.map { $0.seconds(since: event.notBefore) }
        change(id, of: instance) { event in
            event.notBefore = notBefore
            event.notAfter = length.map { notBefore.adding(seconds: $0) }
        }
        return try activeEvent(id, of: instance)
    }

    /// Does what is due.
    package mutating func carryOutEvents(of id: InstanceID) {
        for event in state.instances[id]?.events ?? [] {
            guard let due = event.due, due <= now else { continue }
            switch event.code {
            case .instanceReboot, .systemReboot: reboot(id)
            case .instanceStop: stopAsScheduled(id)
            case .instanceRetirement: retire(id)
            case .systemMaintenance: break
            }
            change(event.id, of: id) { [now] in ($0.state, $0.endedAt) = (.completed, now) }
        }
    }

    /// An instance whose root is on instance store cannot be stopped.
    private mutating func retire(_ id: InstanceID) {
        let image = state.instances[id].flatMap { state.images[$0.image] }
        if image?.rootDeviceType == .instanceStore { terminate(id, .graceful) } else { stopAsScheduled(id) }
    }

    private mutating func stopAsScheduled(_ id: InstanceID) {
        guard state.instances[id]?.state == .running else { return }
        stop(id, .graceful)
        update(id, InstanceRecord.self) { [now] instance in
            instance.stateReason = .scheduledStop
            instance.transitionReason = "Server initiated (\(now.reasonText))"
        }
    }

    private func activeEvent(_ id: InstanceEventID, of instance: InstanceID) throws(EC2Error) -> InstanceEvent {
        guard let event = state.instances[instance]?.events?.first(where: { $0.id == id && $0.state == .active })
        else { throw .notFound(id) }
        return event
    }

    private mutating func change(
        _ id: InstanceEventID, of instance: InstanceID, _ change: (inout InstanceEvent) -> Void
    ) {
        update(instance, InstanceRecord.self) { instance in
            guard let place = instance.events?.firstIndex(where: { $0.id == id }) else { return }
            if var event = instance.events?[place] {
                change(&event)
                instance.events?[place] = event
            }
        }
    }
}
