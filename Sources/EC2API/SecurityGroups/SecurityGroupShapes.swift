// Security groups and their rules as answers show them: one by one, and gathered into permissions.

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.SecurityGroup {
    init(_ group: SecurityGroupRecord, in transaction: Transaction) {
        self.init(
            groupID: group.id.description,
            ipPermissionsEgress: EC2.IpPermission.gather(group.rules.filter(\.isEgress)),
            tags: EC2.Tag.list(group.tags), vpcID: group.vpc.description,
            securityGroupARN: transaction.arn(of: group), ownerID: group.account.description,
            groupName: group.name, description: group.description,
            ipPermissions: EC2.IpPermission.gather(group.rules.filter { !$0.isEgress }))
    }
}

extension EC2.SecurityGroupRule {
    init(_ rule: SecurityGroupRecord.Rule, of group: SecurityGroupRecord, in transaction: Transaction) {
        self.init(
            securityGroupRuleID: rule.id.description, groupID: group.id.description,
            groupOwnerID: group.account.description, isEgress: rule.isEgress, ipProtocol: rule.ipProtocol,
            fromPort: rule.fromPort ?? -1, toPort: rule.toPort ?? -1, cidrIPv4: rule.peer.ipv4Text,
            cidrIPv6: rule.peer.ipv6Text, description: rule.description, tags: EC2.Tag.list(rule.tags),
            securityGroupRuleARN: transaction.arn(of: rule))
        if case .group(let id, let owner) = rule.peer {
            referencedGroupInfo = EC2.ReferencedSecurityGroup(groupID: id.description, userID: owner.description)
        }
    }
}

extension EC2.RevokedSecurityGroupRule {
    init(_ rule: SecurityGroupRecord.Rule, of group: SecurityGroupRecord) {
        self.init(
            securityGroupRuleID: rule.id.description, groupID: group.id.description, isEgress: rule.isEgress,
            ipProtocol: rule.ipProtocol, fromPort: rule.fromPort ?? -1, toPort: rule.toPort ?? -1,
            cidrIPv4: rule.peer.ipv4Text, cidrIPv6: rule.peer.ipv6Text,
            referencedGroupID: rule.peer.group?.description, description: rule.description)
    }
}

extension EC2.IpPermission {
    /// Rules of one direction by their traffic, in the order in which each traffic first appears.
    static func gather(_ rules: [SecurityGroupRecord.Rule]) -> [EC2.IpPermission] {
        gather(rules.map { ($0.peer, RuleTraffic(of: $0), $0.description) })
    }

    static func gather(_ specs: [RuleSpec]) -> [EC2.IpPermission] {
        gather(specs.map { ($0.peer, $0.traffic, $0.description) })
    }

    private static func gather(
        _ rules: [(peer: SecurityGroupRecord.Rule.Peer, traffic: RuleTraffic, description: String?)]
    ) -> [EC2.IpPermission] {
        var permissions: [EC2.IpPermission] = []
        var places: [RuleTraffic: Int] = [:]
        for rule in rules {
            let place: Int
            if let known = places[rule.traffic] {
                place = known
            } else {
                place = permissions.count
                places[rule.traffic] = place
                permissions.append(
                    EC2.IpPermission(
                        ipProtocol: rule.traffic.ipProtocol, fromPort: rule.traffic.fromPort,
                        toPort: rule.traffic.toPort))
            }
            permissions[place].append(rule.peer, rule.description)
        }
        return permissions
    }

    private mutating func append(_ peer: SecurityGroupRecord.Rule.Peer, _ description: String?) {
        switch peer {
        case .ipv4(let block):
            ipRanges.append(EC2.IpRange(description: description, cidrIP: block.description))
        case .ipv6(let block):
            ipv6Ranges.append(EC2.Ipv6Range(description: description, cidrIPv6: block.description))
        case .group(let id, let owner):
            userIDGroupPairs.append(
                EC2.UserIdGroupPair(
                    description: description, userID: owner.description, groupID: id.description))
        }
    }
}

extension SecurityGroupRecord.Rule.Peer {
    var ipv4Text: String? { if case .ipv4(let block) = self { block.description } else { nil } }
    var ipv6Text: String? { if case .ipv6(let block) = self { block.description } else { nil } }
    var group: SecurityGroupID? { if case .group(let id, owner: _) = self { id } else { nil } }
    var owner: AccountID? { if case .group(_, let owner) = self { owner } else { nil } }
}

extension Transaction {
    func arn(of group: SecurityGroupRecord) -> String {
        "arn:aws:ec2:\(settings.region):\(group.account):security-group/\(group.id)"
    }

    /// A rule belongs to the account of its group, which is the caller's.
    func arn(of rule: SecurityGroupRecord.Rule) -> String {
        "arn:aws:ec2:\(settings.region):\(account):security-group-rule/\(rule.id)"
    }
}
