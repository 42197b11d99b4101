// From the ways a request can name rules (`IpPermissions`, single parameters) to rules.
// Source: EC2 API Reference, "IpPermission", "UserIdGroupPair".

import AWSWire
import CloudTypes
import ControlPlane

/// The single parameters by which a request can name one rule instead of `IpPermissions`.
struct SingleRule {
    var ipProtocol: String?
    var fromPort: Int?
    var toPort: Int?
    var cidrIP: String?
    var sourceGroupName: String?
    var sourceGroupOwner: String?

    var isEmpty: Bool {
        ipProtocol == nil && fromPort == nil && toPort == nil && cidrIP == nil && sourceGroupName == nil
            && sourceGroupOwner == nil
    }
}

extension Transaction {
    /// The group that a request names: by id, or by name in the default VPC.
    func requestedGroup(id: String?, name: String?) throws(EC2Error) -> SecurityGroupRecord {
        if let id, !id.isEmpty {
            guard name == nil else {
                throw .invalidParameterCombination("The parameters GroupId and GroupName may not be used together")
            }
            return try securityGroup(Lookup.id(id))
        }
        guard let name, !name.isEmpty else { throw .missingParameter("GroupId or GroupName") }
        return try securityGroup(named: name)
    }

    /// Every rule that the request names in either way, at least one.
    ///
    /// - Parameter group: whose rules they are or shall be: peers must be in its VPC.
    func ruleSpecs(
        _ permissions: [EC2.IpPermission], or single: SingleRule = SingleRule(), of group: SecurityGroupRecord
    ) throws(EC2Error) -> [RuleSpec] {
        guard permissions.isEmpty || single.isEmpty else {
            throw .invalidParameterCombination(
                "The parameter IpPermissions may not be used together with parameters of a single rule")
        }
        if permissions.isEmpty {
            guard !single.isEmpty else { throw .missingParameter("IpPermissions") }
            return [try ruleSpec(single, of: group)]
        }
        var specs: [RuleSpec] = []
        for permission in permissions { specs += try ruleSpecs(permission, of: group) }
        return specs
    }

    private func ruleSpec(_ single: SingleRule, of group: SecurityGroupRecord) throws(EC2Error) -> RuleSpec {
        if let name = single.sourceGroupName {
            guard single.cidrIP == nil else {
                throw .invalidParameterCombination(
                    "The parameter CidrIp may not be used together with SourceSecurityGroupName")
            }
            // Naming a group alone opens all of its traffic, as it did before there were VPCs.
            let traffic =
                single.ipProtocol == nil
                ? try RuleTraffic(ipProtocol: "-1", fromPort: nil, toPort: nil)
                : try RuleTraffic(ipProtocol: single.ipProtocol, fromPort: single.fromPort, toPort: single.toPort)
            let pair = EC2.UserIdGroupPair(userID: single.sourceGroupOwner, groupName: name)
            return try RuleSpec(traffic: traffic, peer: peer(pair, of: group), description: nil)
        }
        guard let cidr = single.cidrIP else { throw .missingParameter("CidrIp or SourceSecurityGroupName") }
        guard single.sourceGroupOwner == nil else { throw .missingParameter("SourceSecurityGroupName") }
        let traffic = try RuleTraffic(ipProtocol: single.ipProtocol, fromPort: single.fromPort, toPort: single.toPort)
        return try RuleSpec(traffic: traffic, peer: RulePeers.ipv4(cidr), description: nil)
    }

    private func ruleSpecs(
        _ permission: EC2.IpPermission, of group: SecurityGroupRecord
    ) throws(EC2Error) -> [RuleSpec] {
        let traffic = try RuleTraffic(
            ipProtocol: permission.ipProtocol, fromPort: permission.fromPort, toPort: permission.toPort)
        var specs: [RuleSpec] = []
        for range in permission.ipRanges {
            let peer = try RulePeers.ipv4(range.cidrIP)
            specs.append(try RuleSpec(traffic: traffic, peer: peer, description: range.description))
        }
        for range in permission.ipv6Ranges {
            let peer = try RulePeers.ipv6(range.cidrIPv6)
            specs.append(try RuleSpec(traffic: traffic, peer: peer, description: range.description))
        }
        for pair in permission.userIDGroupPairs {
            let peer = try peer(pair, of: group)
            specs.append(try RuleSpec(traffic: traffic, peer: peer, description: pair.description))
        }
        if let list = permission.prefixListIDs.first { throw RulePeers.prefixListNotFound(list.prefixListID) }
        guard !specs.isEmpty else {
            throw .missingParameter("IpRanges, Ipv6Ranges, PrefixListIds or UserIdGroupPairs")
        }
        return specs
    }

    /// The group that a pair names, in the VPC of the group whose rule it is.
    private func peer(
        _ pair: EC2.UserIdGroupPair, of group: SecurityGroupRecord
    ) throws(EC2Error) -> SecurityGroupRecord.Rule.Peer {
        if let peering = pair.vpcPeeringConnectionID {
            throw EC2Error(
                "InvalidVpcPeeringConnectionID.NotFound",
                "The vpcPeeringConnection ID '\(peering)' does not exist")
        }
        if let owner = pair.userID, owner != account.description {
            guard AccountID(owner) != nil else {
                throw EC2Error("InvalidUserID.Malformed", "Invalid user id: \"\(owner)\"")
            }
            throw .securityGroupNotFound(pair.groupID ?? pair.groupName ?? "")
        }
        let named = try namedGroup(pair)
        if let id = pair.groupID, let name = pair.groupName, named.name != name {
            throw .invalidParameterValue("The security group '\(id)' is not named '\(name)'")
        }
        guard named.vpc == group.vpc, pair.vpcID == nil || pair.vpcID == group.vpc.description else {
            throw EC2Error(
                "InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
        }
        return .group(named.id, owner: named.account)
    }

    private func namedGroup(_ pair: EC2.UserIdGroupPair) throws(EC2Error) -> SecurityGroupRecord {
        if let id = pair.groupID { return try securityGroup(Lookup.id(id)) }
        guard let name = pair.groupName else { throw .missingParameter("Groups.GroupId") }
        return try securityGroup(named: name)
    }
}

/// Peers that need no look at the records.
enum RulePeers {
    static func ipv4(_ text: String?) throws(EC2Error) -> SecurityGroupRecord.Rule.Peer {
        guard let text else { throw .missingParameter("CidrIp") }
        guard let block = CIDRBlock(text) else { throw malformed(text) }
        return .ipv4(block)
    }

    static func ipv6(_ text: String?) throws(EC2Error) -> SecurityGroupRecord.Rule.Peer {
        guard let text else { throw .missingParameter("CidrIpv6") }
        guard let block = IPv6Block(text) else { throw malformed(text) }
        return .ipv6(block)
    }

    /// There are no prefix lists in this cloud, so none can be found.
    static func prefixListNotFound(_ id: String?) -> EC2Error {
        guard let id else { return .missingParameter("PrefixListId") }
        return EC2Error("InvalidPrefixListID.NotFound", "The prefix list ID '\(id)' does not exist")
    }

    private static func malformed(_ text: String) -> EC2Error {
        .invalidParameterValue("CIDR block \(text) is malformed")
    }
}
