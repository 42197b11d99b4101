// How the rules of a security group change: all that a call asks for, or nothing.
// Source: EC2 API Reference, "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "ModifySecurityGroupRules".

package import CloudTypes

extension Transaction {
    /// Adds the rules, each under an id of its own.
    ///
    /// - Returns: the new rules in the order of `specs`.
    /// - Throws: `InvalidPermission.Duplicate`, `InvalidParameterValue` for a rule named twice,
    ///   `RulesPerSecurityGroupLimitExceeded`.
    package mutating func authorize(
        _ specs: [RuleSpec], isEgress: Bool, in id: SecurityGroupID, tags: [String: String] = [:]
    ) throws(EC2Error) -> [SecurityGroupRecord.Rule] {
        var group = try securityGroup(id)
        var added: [SecurityGroupRecord.Rule] = []
        for (position, spec) in specs.enumerated() {
            guard !specs[..<position].contains(where: spec.isSameRule) else {
                throw .invalidParameterValue("The same permission must not appear multiple times")
            }
            guard !group.rules.contains(where: { spec.matches($0, isEgress: isEgress) }) else { throw spec.duplicate }
            var rule = SecurityGroupRecord.Rule(
                id: newID(), isEgress: isEgress, ipProtocol: spec.traffic.ipProtocol,
                fromPort: spec.traffic.fromPort, toPort: spec.traffic.toPort, peer: spec.peer,
                description: spec.description)
            rule.tags = tags
            added.append(rule)
        }
        group.rules += added
        try checkRuleCount(of: group, isEgress: isEgress)
        put(group)
        return added
    }

    /// Takes the rules away that match in traffic and peer.
    ///
    /// - Returns: what was taken away, and what was asked for and is not there: that is an error only outside of a
    ///   default VPC.
    /// - Throws: `InvalidPermission.NotFound`.
    package mutating func revoke(
        _ specs: [RuleSpec], isEgress: Bool, in id: SecurityGroupID
    ) throws(EC2Error) -> (revoked: [SecurityGroupRecord.Rule], unknown: [RuleSpec]) {
        var group = try securityGroup(id)
        var revoked: [SecurityGroupRecord.Rule] = []
        var unknown: [RuleSpec] = []
        for spec in specs {
            if let place = group.rules.firstIndex(where: { spec.matches($0, isEgress: isEgress) }) {
                revoked.append(group.rules.remove(at: place))
            } else {
                unknown.append(spec)
            }
        }
        guard unknown.isEmpty || state.vpcs[group.vpc]?.isDefault == true else { throw .ruleNotFound }
        if !revoked.isEmpty { put(group) }
        return (revoked, unknown)
    }

    /// Takes the rules with the ids away.
    ///
    /// - Throws: `InvalidSecurityGroupRuleId.NotFound`.
    package mutating func revoke(
        _ ids: [SecurityGroupRuleID], isEgress: Bool, in id: SecurityGroupID
    ) throws(EC2Error) -> [SecurityGroupRecord.Rule] {
        var group = try securityGroup(id)
        var revoked: [SecurityGroupRecord.Rule] = []
        for rule in ids {
            let place = try group.place(of: rule, isEgress: isEgress)
            revoked.append(group.rules.remove(at: place))
        }
        put(group)
        return revoked
    }

    /// Gives rules of either direction other traffic, another peer of the same kind and another description.
    ///
    /// - Throws: `InvalidSecurityGroupRuleId.NotFound`, `InvalidParameterValue`, `InvalidPermission.Duplicate`,
    ///   `RulesPerSecurityGroupLimitExceeded`.
    package mutating func modify(
        _ changes: [(rule: SecurityGroupRuleID, spec: RuleSpec)], in id: SecurityGroupID
    ) throws(EC2Error) {
        var group = try securityGroup(id)
        for change in changes {
            let place = try group.place(of: change.rule)
            guard change.spec.peer.isSameKind(as: group.rules[place].peer) else {
                throw .invalidParameterValue("The type of security group rule '\(change.rule)' cannot be changed")
            }
            group.rules[place].ipProtocol = change.spec.traffic.ipProtocol
            (group.rules[place].fromPort, group.rules[place].toPort) =
                (change.spec.traffic.fromPort, change.spec.traffic.toPort)
            (group.rules[place].peer, group.rules[place].description) = (change.spec.peer, change.spec.description)
        }
        for change in changes {
            let isEgress = group.rules[try group.place(of: change.rule)].isEgress
            let equals = group.rules.count { change.spec.matches($0, isEgress: isEgress) }
            guard equals == 1 else { throw change.spec.duplicate }
        }
        put(group)
    }

    /// Gives the rules that match in traffic and peer the descriptions of `specs`; none takes a description away.
    ///
    /// - Throws: `InvalidPermission.NotFound`.
    package mutating func describeRules(
        _ specs: [RuleSpec], isEgress: Bool, in id: SecurityGroupID
    ) throws(EC2Error) {
        var group = try securityGroup(id)
        for spec in specs {
            guard let place = group.rules.firstIndex(where: { spec.matches($0, isEgress: isEgress) }) else {
                throw .ruleNotFound
            }
            group.rules[place].description = spec.description
        }
        put(group)
    }

    /// Gives the rules with the ids descriptions; nil or nothing takes a description away.
    ///
    /// - Throws: `InvalidSecurityGroupRuleId.NotFound`, `InvalidParameterValue`.
    package mutating func describeRules(
        _ descriptions: [(rule: SecurityGroupRuleID, text: String?)], isEgress: Bool, in id: SecurityGroupID
    ) throws(EC2Error) {
        var group = try securityGroup(id)
        for (rule, text) in descriptions {
            if let text { try SecurityGroupNames.check(ruleDescription: text) }
            let place = try group.place(of: rule, isEgress: isEgress)
            group.rules[place].description = text?.isEmpty == true ? nil : text
        }
        put(group)
    }

    private func checkRuleCount(of group: SecurityGroupRecord, isEgress: Bool) throws(EC2Error) {
        let rules = group.rules.filter { $0.isEgress == isEgress }
        let most = max(rules.count { $0.peer.countsForIPv4 }, rules.count { $0.peer.countsForIPv6 })
        guard most <= settings.quotas.rulesPerGroupAndDirection else {
            throw EC2Error(
                "RulesPerSecurityGroupLimitExceeded",
                "The maximum number of rules per security group has been reached.")
        }
    }
}

extension SecurityGroupRecord {
    /// - Parameter isEgress: nil: either direction.
    fileprivate func place(of rule: SecurityGroupRuleID, isEgress: Bool? = nil) throws(EC2Error) -> Int {
        let place = rules.firstIndex { $0.id == rule && (isEgress == nil || $0.isEgress == isEgress) }
        guard let place else { throw .notFound(rule) }
        return place
    }
}

extension EC2Error {
    fileprivate static let ruleNotFound = EC2Error(
        "InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
}
