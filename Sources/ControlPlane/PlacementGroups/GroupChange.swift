// How an instance that exists changes its placement group and its tenancy.
// Source: EC2 API Reference, "ModifyInstancePlacement".

package import CloudTypes

package enum GroupChange: Sendable {
    case leave
    /// To another partition of its group.
    case partition(Int)
    case join(LaunchOrder.GroupWish)
}

extension Transaction {
    /// Whether there is a rack for it is seen when it starts.
    ///
    /// - Parameters:
    ///   - tenancy: nil: as it was.
    ///   - group: nil: as it was.
    /// - Throws: `InvalidInstanceID.NotFound`, `IncorrectInstanceState`, `Unsupported`, what is wrong with group, type
    ///   or partition.
    package mutating func setPlacement(
        of id: InstanceID, tenancy: Tenancy?, group: GroupChange?
    ) throws(EC2Error) {
        if let tenancy {
            let instance: InstanceRecord = try owned(id)
            try checkStopped(instance)
            try check(tenancy, instanceTypeFacts(instance.instanceType, for: nil))
            if group == nil, let kept = instance.groupPlace.flatMap({ state.placementGroups[$0.group] }) {
                try GroupRoom.check(tenancy, in: kept)
            }
            update(id) { (instance: inout InstanceRecord) in instance.tenancy = tenancy }
        }
        if let group { try setGroup(of: id, to: group) }
    }

    private mutating func setGroup(of id: InstanceID, to change: GroupChange) throws(EC2Error) {
        let instance: InstanceRecord = try owned(id)
        try checkStopped(instance)
        let place: GroupPlace?
        switch change {
        case .leave: place = nil
        case .partition(let number):
            guard let group = instance.groupPlace.flatMap({ state.placementGroups[$0.group] }) else {
                throw .invalidParameterCombination("A partition number needs a placement group.")
            }
            place = try self.place(for: instance, in: group, partition: number)
        case .join(let wish):
            guard let group = try placementGroup(of: wish) else { return }
            place = try self.place(for: instance, in: group, partition: wish.partition)
        }
        update(id) { (instance: inout InstanceRecord) in instance.groupPlace = place }
    }

    private func place(
        for instance: InstanceRecord, in group: PlacementGroupRecord, partition: Int?
    ) throws(EC2Error) -> GroupPlace {
        try GroupRoom.check(instance.tenancy, in: group)
        var room = try GroupRoom(
            group, instanceTypeFacts(instance.instanceType, for: nil), zone: instance.availabilityZone,
            members: activeMembers(of: group.id), partition: partition, count: 1, racks: settings.racks)
        var place = room.takePlace()
        if group.strategy.partitionCount != nil { place.partition = partition ?? place.partition ?? 1 }
        return place
    }
}
