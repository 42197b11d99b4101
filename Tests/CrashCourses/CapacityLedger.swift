// What one client was promised of launch templates, fleets, spot requests, placement groups, reservations and events.

import CloudTypes
import ControlPlane

struct CapacityLedger {
    struct Spot {
        var isPersistent: Bool
        var isCancelled = false
    }

    struct Event {
        var instance: InstanceID
        var launch: Int
        var due: Timestamp
        var stops: Bool
    }

    /// Versions of each template that were promised; asking again may have been answered with one that was counted.
    private(set) var templates: [String: Set<String>] = [:]
    private(set) var fleets: Set<String> = []
    private(set) var spots: [String: Spot] = [:]
    private(set) var groups: Set<String> = []
    private(set) var reservations: [String: Int] = [:]
    /// Ids of reservations that were cancelled.
    private var cancelled: Set<CapacityReservationID> = []
    /// By the descriptions of events: each has one of its own.
    private var events: [String: Event] = [:]
    private(set) var goneFleets: Set<FleetID> = []

    mutating func acknowledge(_ operation: CapacityOperation, _ ids: [String: String]) {
        switch operation {
        case .createTemplate(let name): templates[name] = [name]
        case .createVersion(let token, let template): templates[template]?.insert(token)
        case .createFleet(let name, _, _, _): fleets.insert(name)
        case .deleteFleet(let name):
            fleets.remove(name)
            if let id = ids[name].flatMap({ FleetID($0) }) { goneFleets.insert(id) }
        case .requestSpot(let name, let isPersistent, _): spots[name] = Spot(isPersistent: isPersistent)
        case .cancelSpot(let name): spots[name]?.isCancelled = true
        case .createGroup(let name, _): groups.insert(name)
        case .reserve(let name, let count, _): reservations[name] = count
        case .resize(let name, let count): reservations[name] = count
        case .cancelReservation(let name):
            reservations[name] = nil
            if let id = ids[name].flatMap({ CapacityReservationID($0) }) { cancelled.insert(id) }
        }
    }

    mutating func forget(_ name: String) {
        templates[name] = nil
        groups.remove(name)
    }

    var eventCount: Int { events.count }

    mutating func scheduled(_ description: String, _ event: Event) { events[description] = event }

    /// Whether an event is to stop the instance later.
    func mayStop(_ instance: InstanceID, after now: Timestamp) -> Bool {
        events.values.contains { $0.instance == instance && $0.stops && $0.due > now }
    }

    func check(_ state: CloudState, _ ids: [String: String], at now: Timestamp) -> [String] {
        checkTemplates(state, ids) + checkSpots(state, ids) + checkReservations(state, ids) + checkFleets(state, ids)
            + checkEvents(state, at: now)
    }

    private func checkTemplates(_ state: CloudState, _ ids: [String: String]) -> [String] {
        templates.compactMap { name, versions in
            guard let id = ids[name].flatMap({ LaunchTemplateID($0) }), let template = state.launchTemplates[id] else {
                return nil
            }
            let found = state.launchTemplateVersions.count(where: IndexKey(.launchTemplate, id))
            guard found == versions.count, template.lastNumber == found else {
                return "\(name) has \(found) versions, the last \(template.lastNumber); promised were \(versions.count)"
            }
            return nil
        }
    }

    /// A request is fulfilled once: by one instance in all, or, where it is persistent, by one at a time.
    private func checkSpots(_ state: CloudState, _ ids: [String: String]) -> [String] {
        spots.flatMap { name, promised -> [String] in
            guard let id = ids[name].flatMap({ SpotRequestID($0) }), let request = state.spotRequests[id] else {
                return []
            }
            var faults: [String] = []
            let all = state.instances.all.filter { $0.spot?.request == id }
            if !promised.isPersistent, all.count > 1 { faults.append("\(name) was fulfilled \(all.count) times") }
            if promised.isCancelled, [.open, .active, .disabled].contains(request.state) {
                faults.append("\(name) is \(request.state), and was cancelled")
            }
            if !promised.isCancelled, request.state == .cancelled { faults.append("\(name) is cancelled by nobody") }
            if promised.isPersistent, request.state == .closed { faults.append("\(name) is closed by nobody") }
            return faults
        }
    }

    private func checkReservations(_ state: CloudState, _ ids: [String: String]) -> [String] {
        let wrong = reservations.compactMap { name, count -> String? in
            guard let id = ids[name].flatMap({ CapacityReservationID($0) }) else { return nil }
            let found = state.capacityReservations[id]
            return found?.state == .active && found?.count == count ? nil : "\(name) does not hold \(count) slots"
        }
        let back = cancelled.filter { state.capacityReservations[$0]?.state == .active }.map { "\($0) is active again" }
        return wrong + back
    }

    private func checkFleets(_ state: CloudState, _ ids: [String: String]) -> [String] {
        let active = fleets.compactMap { name -> String? in
            guard let id = ids[name].flatMap({ FleetID($0) }) else { return nil }
            return state.fleets[id]?.state == .active ? nil : "\(name) is not active"
        }
        let left = goneFleets.compactMap { state.fleets[$0] }.filter { fleet in
            fleet.state == .active
                || fleet.instances.contains { ![nil, .terminated].contains(state.instances[$0]?.state) }
        }
        return active + left.map { "\($0.id) was deleted and is not gone" }
    }

    /// What is due was done, once, unless its instance is gone.
    private func checkEvents(_ state: CloudState, at now: Timestamp) -> [String] {
        events.compactMap { description, promised in
            guard let instance = state.instances[promised.instance], instance.state != .terminated else { return nil }
            let found = (instance.events ?? []).filter { $0.description == description }
            guard found.count == 1, let event = found.first else {
                return "\(description) is there \(found.count) times"
            }
            // One that moved to other hardware has nothing to fear of the old one.
            let isElsewhere = instance.launch > promised.launch
            let wanted = promised.due <= now ? InstanceEvent.State.completed : .active
            return event.state == wanted || (event.state == .canceled && isElsewhere)
                ? nil : "\(description) is \(event.state)"
        }
    }
}
