// Every tag of an account, whatever carries it.

package import CloudTypes

/// One tag on one resource.
package struct ResourceTag: Sendable, Equatable {
    package let resource: String
    /// `instance`, `security-group-rule`, …
    package let resourceType: String
    package let key: String
    package let value: String
}

extension Transaction {
    /// The caller's tags, by resource and key.
    ///
    /// - Parameter resources: nil: of all resources. Looking at some costs nothing for the others.
    package func tags(of resources: Set<String>? = nil) -> [ResourceTag] {
        var tags: [ResourceTag] = []
        for kind in TagRules.kinds { append(kind, resources, to: &tags) }
        appendRules(resources, to: &tags)
        return tags.sorted { ($0.resource, $0.key) < ($1.resource, $1.key) }
    }

    private func append<Record: TaggedRecord>(
        _ kind: Record.Type, _ resources: Set<String>?, to tags: inout [ResourceTag]
    ) {
        let table = state.table(of: Record.self)
        if let resources, let type = Record.ID.self as? any TextualID.Type {
            for text in resources {
                guard let id = type.read(text) as? Record.ID, let record = table[id], record.account == account,
                    isShown(record)
                else { continue }
                append(record.tags, of: text, Record.resourceType, to: &tags)
            }
        } else {
            for record in table.all(of: account) where isShown(record) {
                append(record.tags, of: record.id.description, Record.resourceType, to: &tags)
            }
        }
    }

    /// What was deleted is kept for a while, and tells nobody of its tags.
    private func isShown(_ record: some TaggedRecord) -> Bool { (record as? SnapshotRecord)?.isListed ?? true }

    private func appendRules(_ resources: Set<String>?, to tags: inout [ResourceTag]) {
        if let resources, !resources.contains(where: { SecurityGroupRuleID($0) != nil }) { return }
        for group in state.securityGroups.all(of: account) {
            for rule in group.rules where resources?.contains(rule.id.description) ?? true {
                append(rule.tags, of: rule.id.description, SecurityGroupRuleKind.resourceType, to: &tags)
            }
        }
    }

    private func append(
        _ pairs: [String: String], of resource: String, _ type: String, to tags: inout [ResourceTag]
    ) {
        for (key, value) in pairs {
            tags.append(ResourceTag(resource: resource, resourceType: type, key: key, value: value))
        }
    }
}

/// An id that text may name.
private protocol TextualID {
    static func read(_ text: String) -> Self?
}

extension ResourceID: TextualID {
    fileprivate static func read(_ text: String) -> Self? { Self(text) }
}
