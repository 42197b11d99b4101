// Tags given when a resource is made.

package import AWSWire
package import CloudTypes
package import ControlPlane

package enum TagSpecifications {
    /// The tags for a resource of the type.
    ///
    /// - Parameter allowed: the resource types that the action makes; another one is refused.
    /// - Throws: `InvalidParameterValue`, `InvalidParameter`, `TagLimitExceeded`.
    package static func tags(
        _ specifications: [EC2.TagSpecification], for type: String, allowed: Set<String>, limit: Int
    ) throws(EC2Error) -> [String: String] {
        var tags: [String: String] = [:]
        for specification in specifications {
            guard let named = specification.resourceType else {
                throw .missingParameter("TagSpecification.ResourceType")
            }
            guard allowed.contains(named) else {
                throw .invalidParameterValue(
                    "'\(named)' is not a valid taggable resource type for this operation.")
            }
            guard named == type else { continue }
            guard !specification.tags.isEmpty else {
                throw .invalidParameterValue("Tag specification must have at least one tag")
            }
            tags = try pairs(specification.tags, besides: tags)
        }
        try TagRules.checkCount(tags, limit: limit)
        return tags
    }

    /// - Throws: `MissingParameter` for a tag without a key, `InvalidParameterValue` also for a key that comes twice.
    static func pairs(
        _ list: [EC2.Tag], besides others: [String: String] = [:]
    ) throws(EC2Error) -> [String: String] {
        var tags = others
        for tag in list {
            guard let key = tag.key else { throw .missingParameter("Tag.Key") }
            try TagRules.check(key: key, value: tag.value ?? "")
            guard tags.updateValue(tag.value ?? "", forKey: key) == nil else {
                throw .invalidParameterValue("Duplicate tag key '\(key)' specified.")
            }
        }
        return tags
    }

    /// The tags for the one type of resource that the action makes.
    package static func tags(
        _ specifications: [EC2.TagSpecification], for type: String, in transaction: Transaction
    ) throws(EC2Error) -> [String: String] {
        try tags(
            specifications, for: type, allowed: [type], limit: transaction.settings.quotas.tagsPerResource)
    }
}

extension EC2.Tag {
    /// In the order of their keys.
    package static func list(_ tags: [String: String]) -> [EC2.Tag] {
        tags.sorted { $0.key < $1.key }.map { EC2.Tag(key: $0.key, value: $0.value) }
    }
}
