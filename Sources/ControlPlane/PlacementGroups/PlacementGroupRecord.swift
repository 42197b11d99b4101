// Placement groups as the store keeps them, and an instance's place in one.

package import CloudTypes

package struct PlacementGroupRecord: TaggedRecord, Equatable {
    package static let kind = "placement-group"
    package static let table: TablePath<Self> = \.placementGroups

    package var id: PlacementGroupID
    package var account: AccountID
    package var name: String
    package var strategy: Strategy
    package var tags: [String: String] = [:]

    package enum Strategy: Sendable, Equatable, Codable {
        case cluster, spread
        case partition(count: Int)
    }

    package init(id: PlacementGroupID, account: AccountID, name: String, strategy: Strategy) {
        (self.id, self.account, self.name, self.strategy) = (id, account, name, strategy)
    }

    package var indexKeys: [IndexKey] { [PlacementGroupRecord.nameKey(name, of: account)] }

    /// Names are unique in an account.
    static func nameKey(_ name: String, of account: AccountID) -> IndexKey {
        IndexKey(.name, text: "\(account)/\(name)")
    }
}

extension PlacementGroupRecord.Strategy {
    /// `cluster`, `spread`, `partition`
    package var name: String {
        switch self {
        case .cluster: "cluster"
        case .spread: "spread"
        case .partition: "partition"
        }
    }

    package var partitionCount: Int? {
        if case .partition(let count) = self { count } else { nil }
    }
}

/// Where an instance stands in its placement group. The name is that of the group, which never changes.
package struct GroupPlace: Sendable, Equatable, Codable {
    package var group: PlacementGroupID
    package var name: String
    /// From 1; nil: the group has no partitions.
    package var partition: Int?
}
