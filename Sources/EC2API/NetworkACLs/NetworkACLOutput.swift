// A VPC's default network ACL as EC2 shows it: everything passes, and the last word is a denial.

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.NetworkAcl {
    init(_ acl: NetworkACLRecord, in state: CloudState) {
        let associations = acl.subnets(in: state).map { subnet in
            EC2.NetworkAclAssociation(
                networkACLAssociationID: subnet.aclAssociation.description, networkACLID: acl.id.description,
                subnetID: subnet.id.description)
        }
        self.init(
            associations: associations, entries: NetworkACLEntry.all.map { EC2.NetworkAclEntry($0) },
            isDefault: acl.isDefault, networkACLID: acl.id.description, tags: EC2.Tag.list(acl.tags),
            vpcID: acl.vpc.description, ownerID: acl.account.description)
    }
}

extension NetworkACLRecord {
    func subnets(in state: CloudState) -> [SubnetRecord] {
        state.subnets.all(where: IndexKey(.vpc, vpc)).filter { $0.acl == id }
    }
}

/// One rule of a default network ACL.
struct NetworkACLEntry {
    let isEgress: Bool
    let number: Int
    let allows: Bool

    /// Rule 100 lets everything through, rule 32767 is the denial that every ACL ends with.
    static let all = [true, false].flatMap { isEgress in
        [
            NetworkACLEntry(isEgress: isEgress, number: 100, allows: true),
            NetworkACLEntry(isEgress: isEgress, number: 32767, allows: false),
        ]
    }
}

extension EC2.NetworkAclEntry {
    fileprivate init(_ entry: NetworkACLEntry) {
        self.init(
            cidrBlock: CIDRBlock.everything.description, egress: entry.isEgress, protocol: "-1",
            ruleAction: entry.allows ? .allow : .deny, ruleNumber: entry.number)
    }
}

enum NetworkACLFilters {
    private typealias Values = FilterTable<NetworkACLRecord>.Values

    static let table = FilterTable<NetworkACLRecord>(
        ownColumns.merging(absent.map { ($0, { _, _ in [] } as Values) }) { own, _ in own }, tags: \.tags)

    private static let ownColumns: [String: Values] = [
        "association.association-id": { acl, state in acl.subnets(in: state).map(\.aclAssociation.description) },
        "association.network-acl-id": { acl, state in acl.subnets(in: state).isEmpty ? [] : [acl.id.description] },
        "association.subnet-id": { acl, state in acl.subnets(in: state).map(\.id.description) },
        "default": { acl, _ in ["\(acl.isDefault)"] },
        "entry.cidr": { _, _ in [CIDRBlock.everything.description] },
        "entry.egress": { _, _ in ["true", "false"] },
        "entry.protocol": { _, _ in ["-1"] },
        "entry.rule-action": { _, _ in ["allow", "deny"] },
        "entry.rule-number": { _, _ in NetworkACLEntry.all.map { "\($0.number)" } },
        "network-acl-id": { acl, _ in [acl.id.description] },
        "owner-id": { acl, _ in [acl.account.description] },
        "vpc-id": { acl, _ in [acl.vpc.description] },
    ]

    /// Properties that no entry here has.
    private static let absent = [
        "entry.icmp.code", "entry.icmp.type", "entry.ipv6-cidr", "entry.port-range.from", "entry.port-range.to",
    ]
}
