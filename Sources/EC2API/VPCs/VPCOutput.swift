// A VPC as EC2 shows it, and what it can be filtered by.

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.Vpc {
    init(_ vpc: VPCRecord) {
        let association = EC2.VpcCidrBlockAssociation(
            associationID: vpc.cidrAssociation.description, cidrBlock: vpc.cidrBlock.description,
            cidrBlockState: EC2.VpcCidrBlockState(state: .associated))
        self.init(
            ownerID: vpc.account.description, instanceTenancy: EC2.Tenancy(vpc.tenancy),
            cidrBlockAssociationSet: [association], isDefault: vpc.isDefault, tags: EC2.Tag.list(vpc.tags),
            blockPublicAccessStates: EC2.BlockPublicAccessStates(internetGatewayBlockMode: .off),
            vpcID: vpc.id.description, state: .available, cidrBlock: vpc.cidrBlock.description,
            dhcpOptionsID: vpc.dhcpOptions?.description ?? "default")
    }
}

extension EC2.Tenancy {
    init(_ tenancy: ControlPlane.Tenancy) {
        switch tenancy {
        case .default: self = .default
        case .dedicated: self = .dedicated
        }
    }
}

enum VPCFilters {
    static let table = FilterTable<VPCRecord>(columns, tags: \.tags)

    private static let columns: [String: FilterTable<VPCRecord>.Values] = {
        var columns: [String: FilterTable<VPCRecord>.Values] = [
            "cidr-block-association.association-id": { vpc, _ in [vpc.cidrAssociation.description] },
            "cidr-block-association.cidr-block": { vpc, _ in [vpc.cidrBlock.description] },
            "cidr-block-association.state": { _, _ in ["associated"] },
            "ipv6-cidr-block-association.association-id": { _, _ in [] },
            "ipv6-cidr-block-association.ipv6-cidr-block": { _, _ in [] },
            "ipv6-cidr-block-association.ipv6-pool": { _, _ in [] },
            "ipv6-cidr-block-association.state": { _, _ in [] },
            "owner-id": { vpc, _ in [vpc.account.description] },
            "state": { _, _ in ["available"] },
            "vpc-id": { vpc, _ in [vpc.id.description] },
        ]
        for name in ["cidr", "cidr-block", "cidrBlock"] { columns[name] = { vpc, _ in [vpc.cidrBlock.description] } }
        for name in ["dhcp-options-id", "dhcpOptionsId"] {
            columns[name] = { vpc, _ in [vpc.dhcpOptions?.description ?? "default"] }
        }
        for name in ["is-default", "isDefault"] { columns[name] = { vpc, _ in ["\(vpc.isDefault)"] } }
        return columns
    }()
}
