// Subnets: where they may lie, and when one may go.
// Source: Amazon VPC User Guide, "Subnet CIDR blocks", "Default subnets".

package import CloudTypes

extension Transaction {
    /// Makes a subnet.
    ///
    /// - Parameter zone: nil: the zone with the fewest subnets of the VPC.
    /// - Throws: `InvalidSubnet.Range`, `InvalidSubnet.Conflict`, `SubnetLimitExceeded`.
    package mutating func createSubnet(
        in vpc: VPCRecord, cidr: CIDRBlock, zone: String?, tags: [String: String] = [:]
    ) throws(EC2Error) -> SubnetRecord {
        guard VPCRange.prefixes.contains(cidr.prefix), vpc.cidrBlock.contains(cidr) else {
            throw EC2Error("InvalidSubnet.Range", "The CIDR '\(cidr)' is invalid.")
        }
        let siblings = state.subnets.all(where: IndexKey(.vpc, vpc.id))
        if siblings.contains(where: { $0.cidrBlock.overlaps(cidr) }) {
            throw EC2Error("InvalidSubnet.Conflict", "The CIDR '\(cidr)' conflicts with another subnet")
        }
        guard siblings.count < settings.quotas.subnetsPerVPC else {
            throw EC2Error("SubnetLimitExceeded", "The maximum number of subnets has been reached.")
        }
        return makeSubnet(
            in: vpc, cidr: cidr, zone: zone ?? leastUsedZone(siblings), isDefaultForZone: false, tags: tags)
    }

    /// Makes the default subnet of a zone in the caller's default VPC: the first /20 that is free.
    ///
    /// - Throws: `DefaultVpcDoesNotExist`, `DefaultSubnetAlreadyExistsInAvailabilityZone`, `InsufficientCidrBlocks`,
    ///   `SubnetLimitExceeded`.
    package mutating func createDefaultSubnet(inZone zone: String) throws(EC2Error) -> SubnetRecord {
        guard let vpc = state.defaultVPC(of: account) else {
            throw EC2Error(
                "DefaultVpcDoesNotExist", "No default VPC found. Use CreateDefaultVpc to create a default VPC.")
        }
        if let present = state.defaultSubnet(of: account, inZone: zone) {
            throw EC2Error(
                "DefaultSubnetAlreadyExistsInAvailabilityZone",
                "'\(present.id)' is already the default subnet in \(zone).")
        }
        let siblings = state.subnets.all(where: IndexKey(.vpc, vpc.id))
        guard siblings.count < settings.quotas.subnetsPerVPC else {
            throw EC2Error("SubnetLimitExceeded", "The maximum number of subnets has been reached.")
        }
        let free = VPCRange.blocks(ofPrefix: VPCRange.defaultSubnetPrefix, in: vpc.cidrBlock).first { block in
            !siblings.contains { $0.cidrBlock.overlaps(block) }
        }
        guard let free else {
            throw EC2Error(
                "InsufficientCidrBlocks", "There are not enough free CIDR blocks in '\(vpc.id)' for a default subnet.")
        }
        return makeSubnet(in: vpc, cidr: free, zone: zone, isDefaultForZone: true, tags: [:])
    }

    /// Takes the subnet away and its association with a route table.
    ///
    /// - Throws: `InvalidSubnetID.NotFound`, `DependencyViolation` while an interface is in it.
    package mutating func deleteSubnet(_ id: SubnetID) throws(EC2Error) {
        let subnet: SubnetRecord = try owned(id)
        if state.networkInterfaces.contains(IndexKey(.subnet, id)) {
            throw .dependencyViolation("The subnet '\(id)' has dependencies and cannot be deleted.")
        }
        for var table in state.routeTables.all(where: IndexKey(.subnet, id)) {
            table.associations.removeAll { $0.subnet == id }
            put(table)
        }
        delete(subnet.id, SubnetRecord.self)
    }

    @discardableResult
    mutating func makeSubnet(
        in vpc: VPCRecord, cidr: CIDRBlock, zone: String, isDefaultForZone: Bool, tags: [String: String]
    ) -> SubnetRecord {
        var subnet = SubnetRecord(
            id: newID(), account: account, vpc: vpc.id, cidrBlock: cidr, availabilityZone: zone,
            isDefaultForZone: isDefaultForZone, acl: vpc.defaultACL, aclAssociation: newID())
        subnet.tags = tags
        put(subnet)
        return subnet
    }

    private func leastUsedZone(_ subnets: [SubnetRecord]) -> String {
        var counts: [String: Int] = [:]
        for subnet in subnets { counts[subnet.availabilityZone, default: 0] += 1 }
        return settings.zones.min { counts[$0.name, default: 0] < counts[$1.name, default: 0] }?.name ?? ""
    }
}

extension CloudState {
    /// How many addresses the subnet still has. Every interface holds one.
    package func freeAddressCount(of subnet: SubnetRecord) -> Int {
        let used = networkInterfaces.count(where: IndexKey(.subnet, subnet.id))
        return max(0, subnet.cidrBlock.count - VPCRange.reservedAddressCount - used)
    }
}
