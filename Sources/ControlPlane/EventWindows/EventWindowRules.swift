// How event windows come, change and go, which instances they are for, and when they let an event begin.
// Source: EC2 User Guide, "Create custom event windows for scheduled events that affect your Amazon EC2 instances".

package import CloudTypes

extension Transaction {
    private static let mostEventWindows = 200

    /// - Throws: `InstanceEventWindowLimitExceeded`.
    package mutating func createEventWindow(
        named name: String?, _ hours: WeeklyHours, tags: [String: String]
    ) throws(EC2Error) -> EventWindowRecord {
        guard state.eventWindows.count(where: IndexKey(.account, account)) < Transaction.mostEventWindows else {
            throw EC2Error(
                "InstanceEventWindowLimitExceeded", "The maximum number of event windows has been reached.")
        }
        var window = EventWindowRecord(id: newID(), account: account, name: name, hours: hours)
        window.tags = tags
        put(window)
        return window
    }

    /// What is not given stays as it is; events that are scheduled stay where they are.
    ///
    /// - Throws: `InvalidInstanceEventWindowID.NotFound`.
    package mutating func modifyEventWindow(
        _ id: EventWindowID, name: String?, _ hours: WeeklyHours?
    ) throws(EC2Error) -> EventWindowRecord {
        var window: EventWindowRecord = try owned(id)
        if let name { window.name = name }
        if let hours { window.hours = hours }
        put(window)
        return window
    }

    /// - Parameter force: also one that has targets.
    /// - Throws: `InvalidInstanceEventWindowID.NotFound`, `DependencyViolation`.
    package mutating func deleteEventWindow(_ id: EventWindowID, force: Bool) throws(EC2Error) {
        let window: EventWindowRecord = try owned(id)
        guard force || window.targets == .none else {
            throw EC2Error(
                "DependencyViolation",
                "The event window '\(id)' is associated with targets. Disassociate them, or delete it with force.")
        }
        delete(id, EventWindowRecord.self)
    }

    /// - Throws: `InvalidInstanceEventWindowID.NotFound`, `InvalidInstanceID.NotFound`, `InvalidParameterCombination`
    ///   for targets of two kinds, `InvalidParameterValue` for one that another window has, or for too many.
    package mutating func associate(
        _ targets: EventWindowRecord.Targets, with id: EventWindowID
    ) throws(EC2Error) -> EventWindowRecord {
        var window: EventWindowRecord = try owned(id)
        switch targets {
        case .none: break
        case .instances(let ids):
            for id in ids {
                let instance: InstanceRecord = try owned(id)
                guard instance.state != .terminated else { throw .notFound(id) }
            }
            for other in others(than: id) {
                guard case .instances(let taken) = other.targets, let one = ids.first(where: taken.contains) else {
                    continue
                }
                throw Transaction.taken("\(one)", by: other.id)
            }
        case .tags(let tags):
            for other in others(than: id) {
                guard case .tags(let taken) = other.targets, let one = tags.first(where: taken.contains) else {
                    continue
                }
                throw Transaction.taken("\(one.key)=\(one.value)", by: other.id)
            }
        }
        switch (window.targets, targets) {
        case (_, .none): break
        case (.none, _): window.targets = targets
        case (.instances(let old), .instances(let new)):
            window.targets = .instances(old + new.filter { !old.contains($0) })
        case (.tags(let old), .tags(let new)): window.targets = .tags(old + new.filter { !old.contains($0) })
        case (.instances, .tags), (.tags, .instances):
            throw .invalidParameterCombination(
                "The event window '\(id)' has targets of another type. Only one type of target can be associated.")
        }
        guard window.targets.count <= window.targets.limit else {
            throw .invalidParameterValue(
                "An event window has at most \(window.targets.limit) targets of that type.")
        }
        put(window)
        return window
    }

    /// - Throws: `InvalidInstanceEventWindowID.NotFound`, `InvalidInstanceID.NotFound`, `InvalidParameterValue` for what is
    ///   no target of it.
    package mutating func disassociate(
        _ targets: EventWindowRecord.Targets, from id: EventWindowID
    ) throws(EC2Error) -> EventWindowRecord {
        var window: EventWindowRecord = try owned(id)
        if case .instances(let ids) = targets { for id in ids { let _: InstanceRecord = try owned(id) } }
        switch (window.targets, targets) {
        case (.instances(let old), .instances(let gone)) where gone.allSatisfy(old.contains):
            let kept = old.filter { !gone.contains($0) }
            window.targets = kept.isEmpty ? .none : .instances(kept)
        case (.tags(let old), .tags(let gone)) where gone.allSatisfy(old.contains):
            let kept = old.filter { !gone.contains($0) }
            window.targets = kept.isEmpty ? .none : .tags(kept)
        case (.none, _), (.instances, _), (.tags, _):
            throw .invalidParameterValue("A target is not associated with the event window '\(id)'.")
        }
        put(window)
        return window
    }

    /// The instance is no target any more: it is gone for good.
    mutating func forgetTarget(_ id: InstanceID) {
        guard let account = state.instances[id]?.account else { return }
        for var window in state.eventWindows.all(of: account) {
            guard case .instances(let ids) = window.targets, ids.contains(id) else { continue }
            let kept = ids.filter { $0 != id }
            window.targets = kept.isEmpty ? .none : .instances(kept)
            put(window)
        }
    }

    /// When an event may begin that is wanted at the moment: at once, or when the first of the instance's windows opens.
    func opening(for instance: InstanceRecord, _ code: InstanceEvent.Code, from moment: Timestamp) -> Timestamp {
        switch code {
        case .systemMaintenance: return moment
        case .instanceReboot, .systemReboot, .instanceRetirement, .instanceStop:
            let windows = state.eventWindows.all(of: instance.account).filter { $0.covers(instance) }
            return windows.map { $0.hours.opening(from: moment) }.min() ?? moment
        }
    }

    private func others(than id: EventWindowID) -> [EventWindowRecord] {
        state.eventWindows.all(of: account).filter { $0.id != id }
    }

    private static func taken(_ target: String, by window: EventWindowID) -> EC2Error {
        .invalidParameterValue("The target '\(target)' is already associated with the event window '\(window)'.")
    }
}
