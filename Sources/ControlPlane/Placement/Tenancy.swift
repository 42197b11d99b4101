// Hardware that an account has to itself: how many racks of a zone are left to whom (decision 0046).
// Source: EC2 User Guide, "Amazon EC2 Dedicated Instances".

internal import CloudTypes
internal import InstanceTypeCatalogue

/// Whether other accounts' instances may be on the same hardware. There are no dedicated hosts, and so no `host`.
package enum Tenancy: String, Sendable, Codable {
    case `default`, dedicated

    /// What is there of it in a zone: dedicated instances that run or are about to, dedicated reservations.
    static func dedicatedKey(inZone zone: String) -> IndexKey { IndexKey(.tenancy, text: zone) }
}

extension InstanceTypeFacts {
    /// Of the burstable ones T3 alone. Source: EC2 User Guide, "Burstable performance instances".
    fileprivate var supportsDedicatedTenancy: Bool { !isBurstable || family == "t3" }
}

/// Who stands on a zone's racks. Which rack an instance is on is not kept: what counts is that there are enough for all.
struct RackTenants: Equatable {
    /// Racks on which the account lets nobody else be.
    private(set) var own: [AccountID: Int] = [:]
    /// Over how many racks what the account has is spread.
    private(set) var spread: [AccountID: Int] = [:]

    init(own: [AccountID: Int], spread: [AccountID: Int]) { (self.own, self.spread) = (own, spread) }

    init(in zone: String, of state: CloudState) {
        let key = Tenancy.dedicatedKey(inZone: zone)
        for instance in state.instances.all(where: key) {
            let group = instance.groupPlace.flatMap { state.placementGroups[$0.group] }
            own[instance.account] = max(own[instance.account] ?? 0, RackTenants.racks(ofDedicatedIn: group))
        }
        for reservation in state.capacityReservations.all(where: key) {
            own[reservation.account] = own[reservation.account] ?? 1
        }
        for account in state.accounts.all.map(\.id) where state.has(account, in: zone) {
            spread[account] = state.placementGroups.all(of: account).reduce(1) { racks, group in
                max(racks, state.racks(of: group, in: zone))
            }
        }
    }

    /// Each partition has racks of its own.
    static func racks(ofDedicatedIn group: PlacementGroupRecord?) -> Int { group?.strategy.partitionCount ?? 1 }

    /// How many of the racks are not another account's own.
    func open(to account: AccountID, of racks: Int) -> Int {
        racks - own.reduce(0) { sum, tenant in tenant.key == account ? sum : sum + tenant.value }
    }

    /// Whether the account can have so many of the racks to itself, and all others still have theirs.
    func leave(_ count: Int, to account: AccountID, of racks: Int) -> Bool {
        var after = self
        after.own[account] = max(own[account] ?? 0, count)
        after.spread[account] = max(spread[account] ?? 0, count)
        return after.spread.allSatisfy { $0.value <= after.open(to: $0.key, of: racks) }
    }
}

extension CloudState {
    /// Whether the account has instances there that run or are about to, or capacity reserved.
    fileprivate func has(_ account: AccountID, in zone: String) -> Bool {
        instances.allVersioned(where: IndexKey(.account, account)).contains {
            $0.record.availabilityZone == zone && $0.record.weight != .zero
        }
            || capacityReservations.all(of: account).contains { $0.slot.zone == zone && $0.state == .active }
    }

    /// Racks that the group's instances in the zone need.
    fileprivate func racks(of group: PlacementGroupRecord, in zone: String) -> Int {
        let members = instances.all(where: IndexKey(.placementGroup, group.id)).filter {
            $0.availabilityZone == zone && $0.weight != .zero
        }
        return switch group.strategy {
        case .cluster: min(1, members.count)
        case .spread: members.count
        case .partition: members.compactMap { $0.groupPlace?.partition }.max() ?? 0
        }
    }
}

extension Transaction {
    /// - Throws: `Unsupported` for types that no dedicated instances are of.
    func check(_ tenancy: Tenancy, _ facts: InstanceTypeFacts) throws(EC2Error) {
        guard tenancy == .default || facts.supportsDedicatedTenancy else {
            throw EC2Error(
                "Unsupported",
                "The requested configuration is currently not supported: \(facts.name) has no Dedicated Instances.")
        }
    }

    /// How many racks of the zone may be the caller's.
    ///
    /// - Parameter group: the placement group of what is about to run there.
    /// - Throws: `InvalidParameterCombination` for a group that may have no dedicated instances;
    ///   `InsufficientInstanceCapacity` (a server fault) where all are other accounts' own, or none is free of others.
    func openRacks(
        for tenancy: Tenancy, in zone: String, group: PlacementGroupRecord? = nil, _ facts: InstanceTypeFacts
    ) throws(EC2Error) -> Int {
        if let group { try GroupRoom.check(tenancy, in: group) }
        let key = Tenancy.dedicatedKey(inZone: zone)
        let hasDedicated = state.instances.contains(key) || state.capacityReservations.contains(key)
        guard hasDedicated || tenancy == .dedicated else { return settings.racks }
        let tenants = RackTenants(in: zone, of: state)
        let open = tenants.open(to: account, of: settings.racks)
        guard open >= 1 else {
            throw insufficientCapacity(facts, because: "All hardware there is dedicated to other accounts.")
        }
        if tenancy == .dedicated {
            let wanted = RackTenants.racks(ofDedicatedIn: group)
            guard tenants.leave(wanted, to: account, of: settings.racks) else {
                throw insufficientCapacity(facts, because: "There is no hardware that no other account uses.")
            }
        }
        return open
    }
}
