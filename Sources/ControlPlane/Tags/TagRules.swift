// Tags: what may be one, how many a resource takes, and which record an id names.
// Source: EC2 User Guide, "Tag restrictions".

package import CloudTypes

package enum TagRules {
    /// Every kind of record that takes tags.
    static let kinds: [any TaggedRecord.Type] = [
        InstanceRecord.self, VolumeRecord.self, SnapshotRecord.self, ImageRecord.self, KeyPairRecord.self,
        VPCRecord.self, SubnetRecord.self, InternetGatewayRecord.self, RouteTableRecord.self, NetworkACLRecord.self,
        DHCPOptionsRecord.self, SecurityGroupRecord.self, NetworkInterfaceRecord.self, AddressRecord.self,
        RootTaskRecord.self, LaunchTemplateRecord.self, FleetRecord.self, SpotRequestRecord.self,
        PlacementGroupRecord.self, CapacityReservationRecord.self, EventWindowRecord.self,
    ]

    /// Keys of 1 to 128 characters, values of up to 256, none beginning with `aws:`.
    ///
    /// - Throws: `InvalidParameterValue`.
    package static func check(key: String, value: String) throws(EC2Error) {
        if key.isEmpty { throw .invalidParameterValue("Tag key cannot be null or empty.") }
        if key.lowercased().hasPrefix("aws:") {
            throw .invalidParameterValue(
                "Value ( \(key) ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use"
            )
        }
        if key.unicodeScalars.count > 128 {
            throw .invalidParameterValue("Tag key exceeds the maximum length of 128 characters")
        }
        if value.unicodeScalars.count > 256 {
            throw .invalidParameterValue("Tag value exceeds the maximum length of 256 characters")
        }
    }

    /// Those that the cloud itself sets do not count.
    ///
    /// - Throws: `TagLimitExceeded`.
    package static func checkCount(_ tags: [String: String], limit: Int) throws(EC2Error) {
        guard tags.count <= limit || tags.count(where: { !$0.key.hasPrefix("aws:") }) <= limit else {
            throw EC2Error("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
        }
    }
}

extension Transaction {
    /// Changes the tags of the resource that `id` names, whatever its kind.
    ///
    /// - Throws: `InvalidID` for what is no id; `…NotFound`; `TagLimitExceeded`.
    package mutating func changeTags(
        ofResource id: String, _ change: (inout [String: String]) -> Void
    ) throws(EC2Error) {
        if let rule = SecurityGroupRuleID(id) { return try changeTags(of: rule, change) }
        for kind in TagRules.kinds {
            if try changeTags(of: id, kind, change) { return }
        }
        throw EC2Error("InvalidID", "The ID '\(id)' is not valid")
    }

    private mutating func changeTags<Record: TaggedRecord>(
        of text: String, _ kind: Record.Type, _ change: (inout [String: String]) -> Void
    ) throws(EC2Error) -> Bool {
        guard let type = Record.ID.self as? any TaggableID.Type, let id = type.parse(text) as? Record.ID else {
            return false
        }
        guard var record = state[id, of: Record.self], record.account == account else {
            throw type.notFound(text)
        }
        if let snapshot = record as? SnapshotRecord, !snapshot.isListed { throw type.notFound(text) }
        change(&record.tags)
        try TagRules.checkCount(record.tags, limit: settings.quotas.tagsPerResource)
        put(record)
        return true
    }

    private mutating func changeTags(
        of rule: SecurityGroupRuleID, _ change: (inout [String: String]) -> Void
    ) throws(EC2Error) {
        for var group in state.securityGroups.all(of: account) {
            guard let position = group.rules.firstIndex(where: { $0.id == rule }) else { continue }
            change(&group.rules[position].tags)
            try TagRules.checkCount(group.rules[position].tags, limit: settings.quotas.tagsPerResource)
            put(group)
            return
        }
        throw .notFound(rule)
    }
}

/// Lets an id of any kind be made from text.
private protocol TaggableID {
    static func parse(_ text: String) -> Self?
    static func notFound(_ text: String) -> EC2Error
}

extension ResourceID: TaggableID {
    fileprivate static func parse(_ text: String) -> Self? { Self(text) }
    fileprivate static func notFound(_ text: String) -> EC2Error {
        Self(text).map { .notFound($0) } ?? EC2Error("InvalidID", "The ID '\(text)' is not valid")
    }
}
