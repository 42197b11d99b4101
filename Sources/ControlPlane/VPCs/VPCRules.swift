// VPCs: what AWS makes along with one, and when one may go.
// Source: Amazon VPC User Guide, "VPC basics", "Default VPCs"; EC2 API Reference, "CreateVpc".

package import CloudTypes

extension Transaction {
    /// Makes a VPC with its main route table, its default security group and its default network ACL.
    ///
    /// - Throws: `InvalidVpc.Range`, `VpcLimitExceeded`.
    package mutating func createVPC(
        cidr: CIDRBlock, tenancy: Tenancy = .default, tags: [String: String] = [:]
    ) throws(EC2Error) -> VPCRecord {
        guard VPCRange.mayBeVPC(cidr), !cidr.overlaps(settings.publicPool) else {
            throw EC2Error("InvalidVpc.Range", "The CIDR '\(cidr)' is invalid.")
        }
        guard state.vpcs.count(where: IndexKey(.account, account)) < settings.quotas.vpcs else {
            throw EC2Error("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
        }
        return makeVPC(cidr: cidr, isDefault: false, tenancy: tenancy, tags: tags)
    }

    /// Makes the caller's default VPC: 172.31.0.0/16, a /20 subnet in every zone, an internet gateway, the way to it.
    ///
    /// - Throws: `DefaultVpcAlreadyExists`.
    package mutating func createDefaultVPC() throws(EC2Error) -> VPCRecord {
        if state.defaultVPC(of: account) != nil {
            throw EC2Error(
                "DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.")
        }
        let vpc = makeVPC(cidr: VPCRange.defaultVPC, isDefault: true, tenancy: .default, tags: [:])
        let gateway = InternetGatewayRecord(id: newID(), account: account, vpc: vpc.id)
        put(gateway)
        update(vpc.mainRouteTable) { (table: inout RouteTableRecord) in
            table.routes = [RouteTableRecord.Route(destination: .everything, target: .internetGateway(gateway.id))]
        }
        let blocks = VPCRange.blocks(ofPrefix: VPCRange.defaultSubnetPrefix, in: vpc.cidrBlock)
        for (zone, block) in zip(settings.zones, blocks) {
            makeSubnet(in: vpc, cidr: block, zone: zone.name, isDefaultForZone: true, tags: [:])
        }
        update(account) { (account: inout AccountRecord) in account.hasDefaultVPC = true }
        return vpc
    }

    /// Takes the VPC away, and with it what was made along with it.
    ///
    /// - Throws: `InvalidVpcID.NotFound`, `DependencyViolation` while anything else is left in it.
    package mutating func deleteVPC(_ id: VPCID) throws(EC2Error) {
        let vpc: VPCRecord = try owned(id)
        let key = IndexKey(.vpc, id)
        let isEmpty =
            !state.subnets.contains(key) && !state.internetGateways.contains(key)
            && !state.networkInterfaces.contains(key)
            && state.routeTables.count(where: key) <= 1 && state.securityGroups.count(where: key) <= 1
            && state.networkACLs.count(where: key) <= 1
        guard isEmpty else {
            throw .dependencyViolation("The vpc '\(id)' has dependencies and cannot be deleted.")
        }
        for table in state.routeTables.ids(where: key) { delete(table, RouteTableRecord.self) }
        delete(vpc.defaultGroup, SecurityGroupRecord.self)
        delete(vpc.defaultACL, NetworkACLRecord.self)
        delete(id, VPCRecord.self)
    }

    private mutating func makeVPC(
        cidr: CIDRBlock, isDefault: Bool, tenancy: Tenancy, tags: [String: String]
    ) -> VPCRecord {
        var vpc = VPCRecord(
            id: newID(), account: account, cidrBlock: cidr, cidrAssociation: newID(), isDefault: isDefault,
            dhcpOptions: defaultDHCPOptions().id, mainRouteTable: newID(), defaultGroup: newID(), defaultACL: newID())
        (vpc.tenancy, vpc.tags) = (tenancy, tags)
        put(vpc)
        var table = RouteTableRecord(id: vpc.mainRouteTable, account: account, vpc: vpc.id)
        table.associations = [RouteTableRecord.Association(id: newID(), subnet: nil)]
        put(table)
        put(NetworkACLRecord(id: vpc.defaultACL, account: account, vpc: vpc.id, isDefault: true))
        put(defaultGroup(of: vpc))
        return vpc
    }

    /// Everything from its own members comes in, everything goes out.
    private mutating func defaultGroup(of vpc: VPCRecord) -> SecurityGroupRecord {
        var group = SecurityGroupRecord(
            id: vpc.defaultGroup, account: account, vpc: vpc.id, name: "default",
            description: "default VPC security group")
        group.rules = [
            SecurityGroupRecord.Rule(
                id: newID(), isEgress: false, ipProtocol: "-1", fromPort: nil, toPort: nil,
                peer: .group(group.id, owner: account)),
            SecurityGroupRecord.Rule(
                id: newID(), isEgress: true, ipProtocol: "-1", fromPort: nil, toPort: nil, peer: .ipv4(.everything)),
        ]
        return group
    }
}
