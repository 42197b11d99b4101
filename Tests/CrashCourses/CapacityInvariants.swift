// What must hold whenever everything rests of room, quotas, spot requests, placement groups, reservations, events and CPU
// credits.

import CloudTypes
import ControlPlane
import InstanceTypeCatalogue
import Simulation

struct CapacityInvariants {
    let state: CloudState
    let world: SimulatedWorld
    let settings: CloudSettings
    let now: Timestamp

    init(_ rig: Rig) { (state, world, settings, now) = (rig.records, rig.world, rig.premises.settings, rig.time.now) }

    var violations: [String] {
        room + quotas + spotRequests + reservations + groups + events + eventWindows + templates + credits
    }

    /// What is counted as taken is what a count of each thing comes to, and no more than there is.
    private var room: [String] {
        var taken = state.instances.all.reduce(HostShare.zero) { $0 + $1.weight }
        for reservation in state.capacityReservations.all where reservation.state == .active {
            guard let facts = InstanceTypeCatalogue.facts(of: reservation.slot.instanceType) else { continue }
            let users = state.instances.all.count { $0.capacityReservation == reservation.id }
            taken = taken + HostShare(of: facts).times(max(0, reservation.count - users))
        }
        let share = settings.hostShare
        var faults = taken == state.takenShare ? [] : ["\(state.takenShare) is counted as taken, and \(taken) is"]
        if taken.vCPUs > share.vCPUs || taken.memoryMiB > share.memoryMiB {
            faults.append("\(taken) is given out of \(share)")
        }
        if world.peakShare.vCPUs > share.vCPUs || world.peakShare.memoryMiB > share.memoryMiB {
            faults.append("guests had \(world.peakShare) at a time, of \(share)")
        }
        return faults
    }

    private var quotas: [String] {
        let accounts = state.accounts.all.map(\.id)
        return accounts.flatMap { account -> [String] in
            let own = state.instances.all.filter { $0.account == account && [.pending, .running].contains($0.state) }
            let (used, limit) = (own.reduce(0) { $0 + $1.vCPUs }, settings.quotas[vCPUs: .standard])
            let counted = state.instances.use(.vCPUs(.standard), by: account)
            let sizes = state.volumes.all.filter {
                $0.account == account && $0.state != .deleting && $0.volumeType == "gp3"
            }
            let storage = sizes.reduce(0) { $0 + $1.sizeGiB }
            return (used == counted ? [] : ["\(account) runs \(used) vCPUs, and \(counted) are counted"])
                + (used <= limit ? [] : ["\(account) runs \(used) vCPUs of \(limit)"])
                + (storage == state.volumes.use(.storageGiB("gp3"), by: account)
                    ? [] : ["\(account) has \(storage) GiB of gp3, and another sum is counted"])
        }
    }

    /// Each request has what its state says, and none waits for what is there.
    private var spotRequests: [String] {
        state.spotRequests.all.flatMap { request -> [String] in
            let live = state.instances.all.filter { $0.spot?.request == request.id && $0.state != .terminated }
            var faults = live.count > 1 ? ["\(request.id) has \(live.count) instances"] : []
            let instance = live.first
            switch request.state {
            case .active where instance?.state != .running: faults.append("\(request.id) is active without instance")
            case .disabled where instance?.state != .stopped:
                faults.append("\(request.id) is disabled without instance")
            case .open where instance.map { $0.state == .running } ?? false: faults.append("\(request.id) is open")
            case .closed where instance != nil: faults.append("\(request.id) is closed beside \(live)")
            case .open: faults += waiting(request)
            case .active, .disabled, .closed, .cancelled, .failed: break
            }
            return faults
        }
            + state.instances.all.filter { instance in
                instance.state == .running && instance.spot?.interruption.map { $0.due <= now } ?? false
            }.map { "\($0.id) was to be interrupted" }
    }

    private func waiting(_ request: SpotRequestRecord) -> [String] {
        guard let facts = InstanceTypeCatalogue.facts(of: request.wish.launch["InstanceType"] ?? "") else { return [] }
        guard request.wish.validUntil.map({ $0 > now }) ?? true else { return ["\(request.id) is open after its end"] }
        let quota = settings.quotas[vCPUs: .standard] - state.instances.use(.vCPUs(.standard), by: request.account)
        guard state.room(for: facts, settings) > 0, quota >= facts.vCPUs else { return [] }
        return ["\(request.id) is open (\(request.status.code)) although there is room"]
    }

    private var reservations: [String] {
        state.capacityReservations.all.flatMap { reservation -> [String] in
            let users = state.users(of: reservation.id)
            var faults = users.count > reservation.count ? ["\(reservation.id) has \(users.count) users"] : []
            faults += users.filter { $0.weight == .zero }.map { "\($0.id) is \($0.state) and uses \(reservation.id)" }
            if reservation.state != .active, !users.isEmpty { faults.append("\(reservation.id) is over and used") }
            return faults
        }
    }

    private var groups: [String] {
        let members = Dictionary(grouping: state.instances.all.filter { $0.groupPlace != nil && $0.weight != .zero }) {
            $0.groupPlace?.group
        }
        return members.flatMap { id, members -> [String] in
            guard let id, let group = state.placementGroups[id] else {
                return ["\(members[0].id) is in a group that is gone"]
            }
            let zones = Dictionary(grouping: members, by: \.availabilityZone)
            switch group.strategy {
            case .cluster: return zones.count > 1 ? ["\(group.name) is in \(zones.count) zones"] : []
            case .spread:
                return zones.filter { $0.value.count > settings.racks }.map { "\(group.name) is crowded in \($0.key)" }
            case .partition(let count):
                return members.filter { !(1...count).contains($0.groupPlace?.partition ?? 0) }
                    .map { "\($0.id) is in no partition" }
            }
        }
    }

    /// None is overdue.
    private var events: [String] {
        state.instances.all.filter { $0.state != .terminated }.flatMap { instance in
            (instance.events ?? []).filter { $0.due.map { $0 <= now } ?? false }.map { "\($0.id) is overdue" }
        }
    }

    /// None is for an instance that is gone, nor for what another one is for.
    private var eventWindows: [String] {
        var faults: [String] = []
        var taken: Set<String> = []
        for window in state.eventWindows.all {
            faults += window.instances.filter { [nil, .terminated].contains(state.instances[$0]?.state) }
                .map { "\(window.id) is for \($0), which is gone" }
            let targets =
                window.instances.map(\.description)
                + window.instanceTags.map { "\(window.account)/\($0.key)=\($0.value)" }
            for target in targets where !taken.insert(target).inserted { faults.append("\(target) has two windows") }
        }
        return faults
    }

    /// Instances that run earn, others do not and owe nothing; a guest may do what its credits pay for.
    private var credits: [String] {
        state.instances.all.flatMap { instance -> [String] in
            guard let terms = instance.creditTerms, instance.state != .terminated else { return [] }
            let record = state.cpuCredits[instance.id]
            guard instance.state == .running else {
                let owes = record.map { $0.credits.surplus > 0 } ?? false
                return (record.map { $0.stoppedAt == nil } ?? false ? ["\(instance.id) is stopped, and earns"] : [])
                    + (owes ? ["\(instance.id) is stopped, and owes credits"] : [])
            }
            guard let record, record.stoppedAt == nil else { return ["\(instance.id) runs and earns nothing"] }
            var faults: [String] = []
            if record.credits.earned > terms.figures.cap {
                faults.append("\(instance.id) has more than a day's credits")
            }
            if !terms.isUnlimited, record.credits.surplus > 0 { faults.append("\(instance.id) owes, and must not") }
            let allowed = world.processorLimit(of: instance.id)
            let least = terms.isUnlimited ? Double(terms.figures.vCPUs) : terms.baselineProcessors
            if let allowed, allowed < least { faults.append("the guest of \(instance.id) may use \(allowed)") }
            if allowed == nil, !terms.isUnlimited { faults.append("the guest of \(instance.id) was never held back") }
            return faults
        }
    }

    private var templates: [String] {
        state.launchTemplateVersions.all.filter { state.launchTemplates[$0.template] == nil }
            .map { "\($0.id) is a version of nothing" }
    }
}
