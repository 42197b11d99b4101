// How many more instances a placement group takes, and where each of them goes (decision 0028).
// Source: EC2 User Guide, "Placement strategies for your placement groups".

internal import CloudTypes
internal import InstanceTypeCatalogue

/// The host counts as so many racks in each zone: an instance of a spread group has a rack of its own, a partition too.
struct GroupRoom: Equatable {
    /// Racks, and so instances of a spread group and partitions, in one zone.
    static let mostInZone = 7
    private static let mostDedicatedPartitions = 2

    let group: PlacementGroupRecord
    let most: Int
    /// How many instances each of the partitions has that take more; nil: the group has none.
    private var load: [Int: Int]?

    /// - Parameters:
    ///   - members: the group's instances that run or are about to.
    ///   - wanted: the partition that the launch names.
    ///   - count: how many instances are wanted at most.
    /// - Throws: `InvalidParameterCombination`, `InvalidParameterValue`.
    init(
        _ group: PlacementGroupRecord, _ facts: InstanceTypeFacts, zone: String, members: [InstanceRecord],
        partition wanted: Int?, count: Int, racks: Int
    ) throws(EC2Error) {
        let strategy = group.strategy.name
        guard facts.placementStrategies.contains(strategy) else {
            throw .invalidParameterCombination(
                "\(strategy.prefix(1).uppercased())\(strategy.dropFirst()) placement groups are not supported by the '\(facts.name)' instance type. "
                    + "Specify a supported instance type or change the placement group strategy, and try again.")
        }
        guard wanted == nil || group.strategy.partitionCount != nil else {
            throw .invalidParameterCombination("A partition number can be given for a partition placement group only.")
        }
        self.group = group
        let racks = min(racks, GroupRoom.mostInZone)
        let near = members.filter { $0.availabilityZone == zone }
        switch group.strategy {
        case .cluster:
            guard near.count == members.count else {
                throw .invalidParameterCombination(
                    "The placement group '\(group.name)' is a cluster in another Availability Zone than \(zone).")
            }
            (load, most) = (nil, count)
        case .spread: (load, most) = (nil, max(0, racks - near.count))
        case .partition(let partitionCount):
            if let wanted, !(1...partitionCount).contains(wanted) {
                throw .invalidParameterValue(
                    name: "partitionNumber", value: "\(wanted)", reason: "It must be 1 to \(partitionCount).")
            }
            let choices = (wanted.map { [$0] } ?? Array(1...partitionCount)).filter { $0 <= racks }
            let taken = near.compactMap { $0.groupPlace?.partition }
            load = Dictionary(uniqueKeysWithValues: choices.map { choice in (choice, taken.count { $0 == choice }) })
            most = choices.isEmpty ? 0 : count
        }
    }

    /// - Throws: `InvalidParameterCombination` for a group that no dedicated instance may be in.
    static func check(_ tenancy: Tenancy, in group: PlacementGroupRecord) throws(EC2Error) {
        guard tenancy == .dedicated else { return }
        switch group.strategy {
        case .cluster: return
        case .spread:
            throw .invalidParameterCombination("Dedicated Instances cannot be in a spread placement group.")
        case .partition(let count):
            guard count > mostDedicatedPartitions else { return }
            throw .invalidParameterCombination(
                "Dedicated Instances cannot be in a placement group of more than \(mostDedicatedPartitions) "
                    + "partitions.")
        }
    }

    /// The place of the next instance: it goes where the fewest are, the lowest number first.
    mutating func takePlace() -> GroupPlace {
        let least = load?.min { ($0.value, $0.key) < ($1.value, $1.key) }?.key
        if let least { load?[least, default: 0] += 1 }
        return GroupPlace(group: group.id, name: group.name, partition: least)
    }
}

extension Transaction {
    /// The room of the group that is launched into; nil: into none, and the hardware has room.
    ///
    /// - Throws: what is wrong with group, type, zone or partition; `InsufficientInstanceCapacity` (a server fault).
    func groupRoom(
        _ order: LaunchOrder, _ facts: InstanceTypeFacts, _ tenancy: Tenancy, zone: String
    ) throws(EC2Error) -> GroupRoom? {
        let group = try placementGroup(of: order.group)
        let racks = try openRacks(for: tenancy, in: zone, group: group, facts)
        guard let group else { return nil }
        let room = try GroupRoom(
            group, facts, zone: zone, members: activeMembers(of: group.id), partition: order.group?.partition,
            count: order.counts.upperBound, racks: racks)
        guard room.most >= order.counts.lowerBound else { throw insufficientCapacity(facts) }
        return room
    }

    /// Whether a stopped instance finds a rack, and its group's free.
    ///
    /// - Throws: `InsufficientInstanceCapacity`.
    func checkRackRoom(of instance: InstanceRecord, _ facts: InstanceTypeFacts) throws(EC2Error) {
        let group = instance.groupPlace.flatMap { state.placementGroups[$0.group] }
        let racks = try openRacks(for: instance.tenancy, in: instance.availabilityZone, group: group, facts)
        guard let place = instance.groupPlace, let group else { return }
        let room = try GroupRoom(
            group, facts, zone: instance.availabilityZone, members: activeMembers(of: group.id),
            partition: place.partition, count: 1, racks: racks)
        guard room.most >= 1 else { throw insufficientCapacity(facts) }
    }

    func activeMembers(of group: PlacementGroupID) -> [InstanceRecord] {
        state.instances.all(where: IndexKey(.placementGroup, group)).filter { $0.weight != .zero }
    }
}
