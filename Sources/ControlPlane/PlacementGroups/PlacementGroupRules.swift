// How placement groups come and go, and which one a launch means.
// Source: EC2 User Guide, "Placement groups"; EC2 API Reference, "CreatePlacementGroup", "DeletePlacementGroup".

package import CloudTypes

extension Transaction {
    /// - Throws: `InvalidParameterValue`, `InvalidPlacementGroup.Duplicate`, `PlacementGroupLimitExceeded`.
    package mutating func createPlacementGroup(
        named name: String, _ strategy: PlacementGroupRecord.Strategy, tags: [String: String]
    ) throws(EC2Error) -> PlacementGroupRecord {
        guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) else {
            throw .invalidParameterValue(
                name: "groupName", value: name, reason: "It must be 1 to 255 printable ASCII characters.")
        }
        if let count = strategy.partitionCount, !(1...GroupRoom.mostInZone).contains(count) {
            throw .invalidParameterValue(
                name: "partitionCount", value: "\(count)", reason: "It must be 1 to \(GroupRoom.mostInZone).")
        }
        guard placementGroup(named: name) == nil else {
            throw EC2Error("InvalidPlacementGroup.Duplicate", "The placement group '\(name)' already exists.")
        }
        guard state.placementGroups.count(where: IndexKey(.account, account)) < settings.quotas.placementGroups else {
            throw EC2Error("PlacementGroupLimitExceeded", "The maximum number of placement groups has been reached.")
        }
        var group = PlacementGroupRecord(id: newID(), account: account, name: name, strategy: strategy)
        group.tags = tags
        put(group)
        return group
    }

    /// - Throws: `InvalidPlacementGroup.Unknown`, `InvalidPlacementGroup.InUse`.
    package mutating func deletePlacementGroup(named name: String) throws(EC2Error) {
        let group = try existingPlacementGroup(named: name)
        let isUsed = state.instances.all(where: IndexKey(.placementGroup, group.id)).contains {
            $0.state != .terminated
        }
        let isReserved = state.capacityReservations.contains(IndexKey(.placementGroup, group.id))
        guard !isUsed, !isReserved else {
            throw EC2Error(
                "InvalidPlacementGroup.InUse", "The placement group '\(name)' is in use and may not be deleted.")
        }
        delete(group.id, PlacementGroupRecord.self)
    }

    package func placementGroup(named name: String) -> PlacementGroupRecord? {
        state.placementGroups.first(where: PlacementGroupRecord.nameKey(name, of: account))
    }

    /// - Throws: `InvalidPlacementGroup.Unknown`.
    package func existingPlacementGroup(named name: String) throws(EC2Error) -> PlacementGroupRecord {
        guard let group = placementGroup(named: name) else {
            throw EC2Error("InvalidPlacementGroup.Unknown", "The placement group '\(name)' is unknown.")
        }
        return group
    }

    /// The group that a launch names; nil where it names none.
    ///
    /// - Throws: `InvalidPlacementGroup.Unknown`, `InvalidPlacementGroupId.NotFound`, `InvalidParameterCombination`.
    func placementGroup(of wish: LaunchOrder.GroupWish?) throws(EC2Error) -> PlacementGroupRecord? {
        guard let wish else { return nil }
        switch (wish.name, wish.id) {
        case (let name?, nil): return try existingPlacementGroup(named: name)
        case (nil, let id?): return try owned(id)
        default:
            throw .invalidParameterCombination("Specify either a placement group's name or its ID, but not both.")
        }
    }
}
