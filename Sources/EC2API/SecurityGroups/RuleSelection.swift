// Requests that name rules which are there already: by their ids, or by what they say.

import AWSWire
import CloudTypes
import ControlPlane

extension Transaction {
    /// Takes away what the request names in one of three ways.
    ///
    /// - Returns: `unknown`: what was named by what it says and is not there.
    mutating func revokeRules(
        _ ids: [String], or permissions: [EC2.IpPermission], or single: SingleRule, isEgress: Bool,
        in group: SecurityGroupRecord
    ) throws(EC2Error) -> (revoked: [SecurityGroupRecord.Rule], unknown: [EC2.IpPermission]) {
        guard !ids.isEmpty else {
            let specs = try ruleSpecs(permissions, or: single, of: group)
            let outcome = try revoke(specs, isEgress: isEgress, in: group.id)
            return (outcome.revoked, EC2.IpPermission.gather(outcome.unknown))
        }
        guard permissions.isEmpty, single.isEmpty else {
            throw .invalidParameterCombination(
                "The parameter SecurityGroupRuleIds may not be used together with other descriptions of rules")
        }
        return (try revoke(Lookup.ids(ids), isEgress: isEgress, in: group.id), [])
    }

    mutating func updateRuleDescriptions(
        _ descriptions: [EC2.SecurityGroupRuleDescription], or permissions: [EC2.IpPermission], isEgress: Bool,
        in group: SecurityGroupRecord
    ) throws(EC2Error) {
        guard descriptions.isEmpty || permissions.isEmpty else {
            throw .invalidParameterCombination(
                "The parameter IpPermissions may not be used together with SecurityGroupRuleDescriptions")
        }
        guard !descriptions.isEmpty else {
            let specs = try ruleSpecs(permissions, of: group)
            return try describeRules(specs, isEgress: isEgress, in: group.id)
        }
        var changes: [(rule: SecurityGroupRuleID, text: String?)] = []
        for each in descriptions {
            let id: SecurityGroupRuleID = try Lookup.id(each.securityGroupRuleID, named: "SecurityGroupRuleId")
            changes.append((id, each.description))
        }
        try describeRules(changes, isEgress: isEgress, in: group.id)
    }
}
