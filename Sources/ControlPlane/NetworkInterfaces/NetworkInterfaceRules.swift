// Network interfaces: their private address, their groups, their life.
// Source: EC2 User Guide, "Elastic network interfaces"; EC2 API Reference, "CreateNetworkInterface".

package import CloudTypes

extension Transaction {
    /// Makes an interface that is attached to nothing yet.
    ///
    /// - Parameters:
    ///   - privateAddress: nil: one that is free.
    ///   - groups: none: the VPC's default group.
    /// - Throws: `InsufficientFreeAddressesInSubnet`, `InvalidIPAddress.InUse`, `InvalidParameterValue`,
    ///   `InvalidGroup.NotFound`, `InvalidParameter`, `SecurityGroupsPerInterfaceLimitExceeded`,
    ///   `NetworkInterfaceLimitExceeded`.
    package mutating func createInterface(
        in subnet: SubnetRecord, privateAddress: IPv4Address?, groups: [SecurityGroupID], description: String = "",
        tags: [String: String] = [:]
    ) throws(EC2Error) -> NetworkInterfaceRecord {
        guard state.networkInterfaces.count(where: IndexKey(.account, account)) < settings.quotas.networkInterfaces
        else {
            throw EC2Error(
                "NetworkInterfaceLimitExceeded", "The maximum number of network interfaces has been reached.")
        }
        let members = try checkedGroups(groups, for: subnet)
        let address = try checkedAddress(privateAddress, in: subnet)
        var interface = NetworkInterfaceRecord(
            id: newID(), account: account, vpc: subnet.vpc, subnet: subnet.id,
            availabilityZone: subnet.availabilityZone, macAddress: newMACAddress(), groups: members,
            addresses: [NetworkInterfaceRecord.Address(privateAddress: address)], createdAt: now)
        interface.description = description
        interface.tags = tags
        put(interface)
        return interface
    }

    /// Records that the interface is the instance's; what the guest sees follows from the records.
    package mutating func attachInterface(
        _ id: NetworkInterfaceID, to instance: InstanceID, deviceIndex: Int, deleteOnTermination: Bool
    ) {
        let attachment = NetworkInterfaceRecord.Attachment(
            id: newID(), instance: instance, deviceIndex: deviceIndex, attachedAt: now,
            deleteOnTermination: deleteOnTermination, status: "attached")
        update(id) { (interface: inout NetworkInterfaceRecord) in interface.attachment = attachment }
    }

    /// Takes the interface away; its Elastic IP addresses stay the account's, associated with nothing.
    package mutating func deleteInterface(_ id: NetworkInterfaceID) {
        for var address in state.addresses.all(where: IndexKey(.interface, id)) {
            address.association = nil
            put(address)
        }
        delete(id, NetworkInterfaceRecord.self)
    }

    /// Gives the interface other groups.
    ///
    /// - Throws: `InvalidGroup.NotFound`, `InvalidParameter`, `SecurityGroupsPerInterfaceLimitExceeded`.
    package mutating func setGroups(_ groups: [SecurityGroupID], of id: NetworkInterfaceID) throws(EC2Error) {
        let interface: NetworkInterfaceRecord = try owned(id)
        guard let subnet = state.subnets[interface.subnet] else { return }
        let members = try checkedGroups(groups, for: subnet)
        update(id) { (interface: inout NetworkInterfaceRecord) in interface.groups = members }
    }

    /// The groups, each once; the VPC's default group where none is named.
    private func checkedGroups(
        _ groups: [SecurityGroupID], for subnet: SubnetRecord
    ) throws(EC2Error) -> [SecurityGroupID] {
        var members: [SecurityGroupID] = []
        for id in groups where !members.contains(id) {
            let group = try securityGroup(id)
            guard group.vpc == subnet.vpc else {
                throw EC2Error(
                    "InvalidParameter", "Security group \(id) and subnet \(subnet.id) belong to different networks.")
            }
            members.append(id)
        }
        guard members.count <= settings.quotas.groupsPerInterface else {
            throw EC2Error(
                "SecurityGroupsPerInterfaceLimitExceeded",
                "The maximum number of security groups per interface has been reached.")
        }
        if members.isEmpty, let vpc = state.vpcs[subnet.vpc] { return [vpc.defaultGroup] }
        return members
    }

    private mutating func checkedAddress(
        _ wanted: IPv4Address?, in subnet: SubnetRecord
    ) throws(EC2Error) -> IPv4Address {
        guard let wanted else { return try freePrivateAddress(in: subnet) }
        guard subnet.cidrBlock.contains(wanted) else {
            throw .invalidParameterValue("Address \(wanted) does not fall within the subnet's address range")
        }
        guard VPCRange.isUsable(wanted, in: subnet.cidrBlock) else {
            throw .invalidParameterValue("Address \(wanted) is in subnet's reserved address range")
        }
        guard !state.isTaken(wanted, in: subnet.id) else {
            throw EC2Error("InvalidIPAddress.InUse", "Address \(wanted) is in use.")
        }
        return wanted
    }

    /// An address drawn at random, so that one just given back is seldom given out again.
    private mutating func freePrivateAddress(in subnet: SubnetRecord) throws(EC2Error) -> IPv4Address {
        let count = subnet.cidrBlock.count - VPCRange.reservedAddressCount
        let first = subnet.cidrBlock.address.advanced(by: 4)
        let free = drawFree(of: count) { state, number in
            !state.isTaken(first.advanced(by: number), in: subnet.id)
        }
        guard let free else {
            throw EC2Error(
                "InsufficientFreeAddressesInSubnet",
                "There are not enough free addresses in subnet '\(subnet.id)' to satisfy the requested number of "
                    + "instances.")
        }
        return first.advanced(by: free)
    }

    /// A number below `count` that is free: some draws, then the next free one after the last draw; nil if none is.
    mutating func drawFree(of count: Int, _ isFree: (CloudState, Int) -> Bool) -> Int? {
        guard count > 0 else { return nil }
        var start = 0
        for _ in 0..<16 {
            start = Int(random.next() % UInt64(count))
            if isFree(state, start) { return start }
        }
        for step in 1..<max(count, 2) where isFree(state, (start + step) % count) { return (start + step) % count }
        return nil
    }
}

extension CloudState {
    fileprivate func isTaken(_ address: IPv4Address, in subnet: SubnetID) -> Bool {
        networkInterfaces.contains(IndexKey(.privateAddress, subnet, address))
    }
}
