// Security groups and their rules as the store keeps them.

package import CloudTypes

package struct SecurityGroupRecord: TaggedRecord {
    package static let kind = "security-group"
    package static let table: TablePath<Self> = \.securityGroups

    package var id: SecurityGroupID
    package var account: AccountID
    package var vpc: VPCID
    package var name: String
    package var description: String
    package var rules: [Rule] = []
    package var tags: [String: String] = [:]

    /// The group that every VPC has and that nobody can delete.
    package var isDefault: Bool { name == SecurityGroupNames.reserved }

    /// One rule: one kind of traffic, one peer, one rule id.
    package struct Rule: Sendable, Codable, Equatable {
        package var id: SecurityGroupRuleID
        package var isEgress: Bool
        /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` or a protocol number, as EC2 prints it back.
        package var ipProtocol: String
        /// The first port, or the ICMP type (-1: all); nil where the protocol has neither.
        package var fromPort: Int?
        /// The last port, or the ICMP code (-1: all).
        package var toPort: Int?
        package var peer: Peer
        package var description: String?
        package var tags: [String: String] = [:]

        package enum Peer: Sendable, Codable, Hashable {
            case ipv4(CIDRBlock)
            /// Kept and shown; guests have no IPv6 addresses yet.
            case ipv6(IPv6Block)
            case group(SecurityGroupID, owner: AccountID)
        }

        package init(
            id: SecurityGroupRuleID, isEgress: Bool, ipProtocol: String, fromPort: Int?, toPort: Int?, peer: Peer,
            description: String? = nil
        ) {
            (self.id, self.isEgress, self.ipProtocol) = (id, isEgress, ipProtocol)
            (self.fromPort, self.toPort, self.peer, self.description) = (fromPort, toPort, peer, description)
        }
    }

    package init(id: SecurityGroupID, account: AccountID, vpc: VPCID, name: String, description: String) {
        (self.id, self.account, self.vpc, self.name, self.description) = (id, account, vpc, name, description)
    }

    package var indexKeys: [IndexKey] {
        var keys = [IndexKey(.vpc, vpc), SecurityGroupRecord.nameKey(name, in: vpc)]
        for rule in rules { if case .group(let group, _) = rule.peer { keys.append(IndexKey(.group, group)) } }
        return keys
    }

    /// Names are unique in a VPC whatever their case.
    package static func nameKey(_ name: String, in vpc: VPCID) -> IndexKey {
        IndexKey(.name, text: "\(vpc)/\(name.lowercased())")
    }
}
