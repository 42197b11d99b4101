import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifySecurityGroupRules`: says anew what rules allow; their ids, directions and kinds of peer stay.
enum ModifySecurityGroupRules: RecordAction {
    typealias Operation = EC2.Operation.ModifySecurityGroupRules

    static func perform(
        _ input: EC2.ModifySecurityGroupRulesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifySecurityGroupRulesResult {
        let group = try transaction.securityGroup(Lookup.id(input.groupID))
        guard !input.securityGroupRules.isEmpty else { throw .missingParameter("SecurityGroupRule") }
        var changes: [(rule: SecurityGroupRuleID, spec: RuleSpec)] = []
        for update in input.securityGroupRules {
            guard let request = update.securityGroupRule else {
                throw .missingParameter("SecurityGroupRule.SecurityGroupRule")
            }
            let id: SecurityGroupRuleID = try Lookup.id(update.securityGroupRuleID)
            guard !changes.contains(where: { $0.rule == id }) else {
                throw .invalidParameterValue("The same security group rule must not appear multiple times")
            }
            changes.append((id, try spec(request, of: group, transaction)))
        }
        try transaction.modify(changes, in: group.id)
        return EC2.ModifySecurityGroupRulesResult()
    }

    private static func spec(
        _ request: EC2.SecurityGroupRuleRequest, of group: SecurityGroupRecord, _ transaction: Transaction
    ) throws(EC2Error) -> RuleSpec {
        let peers = [request.cidrIPv4, request.cidrIPv6, request.prefixListID, request.referencedGroupID]
        guard peers.compactMap({ $0 }).count == 1 else {
            throw .invalidParameterCombination(
                "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be specified")
        }
        var permission = EC2.IpPermission(
            ipProtocol: request.ipProtocol, fromPort: request.fromPort, toPort: request.toPort)
        let text = request.description
        if let cidr = request.cidrIPv4 { permission.ipRanges = [EC2.IpRange(description: text, cidrIP: cidr)] }
        if let cidr = request.cidrIPv6 { permission.ipv6Ranges = [EC2.Ipv6Range(description: text, cidrIPv6: cidr)] }
        if let id = request.prefixListID { permission.prefixListIDs = [EC2.PrefixListId(prefixListID: id)] }
        if let id = request.referencedGroupID {
            permission.userIDGroupPairs = [EC2.UserIdGroupPair(description: text, groupID: id)]
        }
        guard let spec = try transaction.ruleSpecs([permission], of: group).first else {
            throw .missingParameter("SecurityGroupRule.SecurityGroupRule")
        }
        return spec
    }
}
