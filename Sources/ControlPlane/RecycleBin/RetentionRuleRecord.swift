// Retention rules of the recycle bin: what is deleted and matches one is kept for a while.
// Source: EBS User Guide, "Recycle Bin"; Recycle Bin API Reference, "CreateRule".

package import CloudTypes

package struct RetentionRuleRecord: CloudRecord, Equatable {
    package static let kind = "retention-rule"
    package static let table: TablePath<Self> = \.retentionRules

    /// 11 letters and digits.
    package var id: String
    package var account: AccountID
    package var resourceType: ResourceType
    package var description = ""
    /// Days that a resource stays in the bin, 1 to 365.
    package var retentionDays: Int
    /// Any of these makes a resource match; empty: all of the type do, but those with one of `excludedTags`.
    package var resourceTags: [TagMatch] = []
    package var excludedTags: [TagMatch] = []
    package var lock: Lock?
    package var tags: [String: String] = [:]
    package var createdAt: Timestamp

    package enum ResourceType: String, Sendable, Codable {
        case snapshot = "EBS_SNAPSHOT"
        case image = "EC2_IMAGE"
    }

    /// A tag with the key, and the value where one is given.
    package struct TagMatch: Sendable, Codable, Hashable {
        package var key: String
        package var value: String?
        package init(key: String, value: String?) { (self.key, self.value) = (key, value) }

        func matches(_ tags: [String: String]) -> Bool {
            guard let found = tags[key] else { return false }
            return value == nil || value == found
        }
    }

    /// A rule that cannot be changed or deleted until it was unlocked and a delay is over.
    package struct Lock: Sendable, Codable, Equatable {
        /// Days, 7 to 30.
        package var unlockDelayDays: Int
        /// When it stops to hold, once unlocking was asked for; nil: it holds.
        package var endsAt: Timestamp?
        package init(unlockDelayDays: Int, endsAt: Timestamp? = nil) {
            (self.unlockDelayDays, self.endsAt) = (unlockDelayDays, endsAt)
        }
    }

    package init(
        id: String, account: AccountID, resourceType: ResourceType, retentionDays: Int, createdAt: Timestamp
    ) {
        (self.id, self.account, self.resourceType) = (id, account, resourceType)
        (self.retentionDays, self.createdAt) = (retentionDays, createdAt)
    }

    func matches(_ tags: [String: String]) -> Bool {
        resourceTags.isEmpty
            ? !excludedTags.contains { $0.matches(tags) } : resourceTags.contains { $0.matches(tags) }
    }
}

/// A stay in the recycle bin.
package struct BinStay: Sendable, Codable, Equatable {
    package var enteredAt: Timestamp
    package var leavesAt: Timestamp
}
