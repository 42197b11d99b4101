// Elastic IP addresses: an account's own public addresses, and the private addresses that they stand for.
// Source: EC2 User Guide, "Elastic IP addresses"; EC2 API Reference, "AssociateAddress".

package import CloudTypes

extension Transaction {
    /// - Parameter wanted: an address of the pool; nil: any.
    /// - Throws: `AddressLimitExceeded`, `InsufficientAddressCapacity`, `InvalidParameterValue`.
    package mutating func allocateElasticAddress(
        _ wanted: IPv4Address? = nil, tags: [String: String] = [:]
    ) throws(EC2Error) -> AddressRecord {
        guard state.addresses.count(where: IndexKey(.account, account)) < settings.quotas.elasticAddresses else {
            throw EC2Error("AddressLimitExceeded", "The maximum number of addresses has been reached.")
        }
        if let wanted, !isFreePublicAddress(wanted) {
            throw .invalidParameterValue(
                name: "address", value: "\(wanted)", reason: "The address is not available for allocation.")
        }
        let publicAddress: IPv4Address
        if let wanted { publicAddress = wanted } else { publicAddress = try allocatePublicAddress() }
        var address = AddressRecord(
            id: newID(), account: account, publicAddress: publicAddress, networkBorderGroup: settings.region)
        address.tags = tags
        put(address)
        return address
    }

    /// - Throws: `…NotFound`, `InvalidIPAddress.InUse` while it is associated.
    package mutating func releaseElasticAddress(_ id: AllocationID) throws(EC2Error) {
        let address: AddressRecord = try owned(id)
        guard address.association == nil else {
            throw EC2Error("InvalidIPAddress.InUse", "Address \(address.publicAddress) is in use.")
        }
        delete(id, AddressRecord.self)
    }

    /// Lets the address stand for a private one. The one it had, and the public one that the private had, are given up;
    /// the interface's auto-assigned address goes back to the pool.
    ///
    /// - Parameters:
    ///   - privateAddress: nil: the interface's first.
    ///   - reassociates: whether anything may be given up.
    /// - Throws: `…NotFound`, `InvalidParameterValue`, `Gateway.NotAttached`, `Resource.AlreadyAssociated`.
    package mutating func associate(
        _ id: AllocationID, with interfaceID: NetworkInterfaceID, privateAddress: IPv4Address?, reassociates: Bool
    ) throws(EC2Error) -> AddressAssociationID {
        var address: AddressRecord = try owned(id)
        var interface: NetworkInterfaceRecord = try owned(interfaceID)
        let wanted = privateAddress ?? interface.primaryAddress
        guard let position = interface.addresses.firstIndex(where: { $0.privateAddress == wanted }) else {
            throw .invalidParameterValue(
                name: "privateIpAddress", value: wanted.map { "\($0)" } ?? "",
                reason: "The address is not assigned to interface \(interfaceID).")
        }
        guard state.internetGateway(of: interface.vpc) != nil else {
            throw EC2Error(
                "Gateway.NotAttached", "Network \(interface.vpc) is not attached to any internet gateway")
        }
        let target = interface.addresses[position].privateAddress
        if let present = address.association {
            if present.interface == interfaceID, present.privateAddress == target { return present.id }
            guard reassociates else { throw .alreadyAssociated("\(id)", present.id) }
            disassociate(id)
        }
        if let other = state.elasticAddress(for: target, on: interfaceID), let present = other.association {
            guard reassociates else { throw .alreadyAssociated("\(interfaceID)", present.id) }
            update(other.id) { (other: inout AddressRecord) in other.association = nil }
        }
        interface.addresses[position].autoPublicAddress = nil
        put(interface)
        let association = AddressRecord.Association(id: newID(), interface: interfaceID, privateAddress: target)
        address.association = association
        put(address)
        return association.id
    }

    /// Gives the association up. A guest that was launched with a public address gets one of the pool again.
    package mutating func disassociate(_ id: AllocationID) {
        guard var address = state.addresses[id], let association = address.association else { return }
        address.association = nil
        put(address)
        restorePublicAddress(of: association.interface)
    }

    /// The pool's address for the interface of a guest that is up; none while the pool is empty.
    package mutating func restorePublicAddress(of id: NetworkInterfaceID) {
        guard let interface = state.networkInterfaces[id], mayGetPublicAddress(interface),
            state.reachesNetwork(interface)
        else { return }
        do {
            try assignPublicAddress(to: id)
        } catch {
            return
        }
    }

    /// Whether the pool gives the interface an address: the only interface of an instance that wants one, as on AWS.
    func mayGetPublicAddress(_ interface: NetworkInterfaceRecord) -> Bool {
        guard interface.wantsPublicAddress, let attachment = interface.attachment, attachment.deviceIndex == 0 else {
            return false
        }
        return state.networkInterfaces.count(where: IndexKey(.instance, attachment.instance)) == 1
    }
}

extension EC2Error {
    fileprivate static func alreadyAssociated(_ resource: String, _ association: AddressAssociationID) -> EC2Error {
        EC2Error(
            "Resource.AlreadyAssociated",
            "resource \(resource) is already associated with associate-id \(association)")
    }
}
