// The filters of security groups and of their rules.
// Source: EC2 API Reference, "DescribeSecurityGroups", "DescribeSecurityGroupRules".

import CloudTypes
import ControlPlane

enum SecurityGroupFilters {
    static let groups = FilterTable<SecurityGroupRecord>(
        ([
            "description": { group, _ in [group.description] },
            "group-id": { group, _ in [group.id.description] },
            "group-name": { group, _ in [group.name] },
            "owner-id": { group, _ in [group.account.description] },
            "vpc-id": { group, _ in [group.vpc.description] },
        ] as [String: FilterTable<SecurityGroupRecord>.Values])
        .merging(permissions(isEgress: false, prefix: "ip-permission.")) { $1 }
        .merging(permissions(isEgress: true, prefix: "egress.ip-permission.")) { $1 },
        tags: { $0.tags })

    /// A rule with its group.
    struct RuleItem: Sendable {
        let rule: SecurityGroupRecord.Rule
        let group: SecurityGroupRecord
    }

    static let rules = FilterTable<RuleItem>(
        [
            "group-id": { item, _ in [item.group.id.description] },
            "security-group-rule-id": { item, _ in [item.rule.id.description] },
        ],
        tags: { $0.rule.tags })

    private static func permissions(
        isEgress: Bool, prefix: String
    ) -> [String: FilterTable<SecurityGroupRecord>.Values] {
        func column(
            _ value: @escaping @Sendable (SecurityGroupRecord.Rule, CloudState) -> String?
        ) -> FilterTable<SecurityGroupRecord>.Values {
            { group, state in
                group.rules.compactMap { $0.isEgress == isEgress ? value($0, state) : nil }
            }
        }
        let columns: [String: FilterTable<SecurityGroupRecord>.Values] = [
            "cidr": column { rule, _ in rule.peer.ipv4Text },
            "from-port": column { rule, _ in rule.fromPort.map(String.init) },
            "group-id": column { rule, _ in rule.peer.group?.description },
            "group-name": column { rule, state in rule.peer.group.flatMap { state.securityGroups[$0]?.name } },
            "ipv6-cidr": column { rule, _ in rule.peer.ipv6Text },
            "prefix-list-id": column { _, _ in nil },
            "protocol": column { rule, _ in rule.ipProtocol },
            "to-port": column { rule, _ in rule.toPort.map(String.init) },
            "user-id": column { rule, _ in rule.peer.owner?.description },
        ]
        return Dictionary(uniqueKeysWithValues: columns.map { (prefix + $0.key, $0.value) })
    }
}
