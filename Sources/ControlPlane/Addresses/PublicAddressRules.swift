// Public addresses: which are free, and which interface has which.
// An Elastic IP goes before an auto-assigned address; no interface address has both.
// Source: EC2 User Guide, "Amazon EC2 instance IP addressing".

package import CloudTypes

extension Transaction {
    /// An address of the pool that nobody has, for the caller to keep in a record.
    ///
    /// - Throws: `InsufficientAddressCapacity`.
    package mutating func allocatePublicAddress() throws(EC2Error) -> IPv4Address {
        let (pool, settings) = (settings.publicPool, settings)
        let free = drawFree(of: pool.count) { state, number in
            let address = pool.address.advanced(by: number)
            return settings.mayGiveOut(address) && !state.hasPublicAddress(address)
        }
        guard let free else {
            throw EC2Error(
                "InsufficientAddressCapacity", "Not enough available addresses to satisfy your request.",
                httpStatus: 500)
        }
        return pool.address.advanced(by: free)
    }

    /// Whether the address is the pool's and nobody has it.
    func isFreePublicAddress(_ address: IPv4Address) -> Bool {
        settings.mayGiveOut(address) && !state.hasPublicAddress(address)
    }

    /// Gives the interface a public address unless its first address has one already.
    ///
    /// - Throws: `InsufficientAddressCapacity`.
    package mutating func assignPublicAddress(to id: NetworkInterfaceID) throws(EC2Error) {
        guard var interface = state.networkInterfaces[id], !interface.addresses.isEmpty,
            state.publicAddress(of: interface) == nil
        else { return }
        interface.addresses[0].autoPublicAddress = try allocatePublicAddress()
        put(interface)
    }

    /// Gives the interface's auto-assigned addresses back to the pool; Elastic IP addresses stay.
    package mutating func releasePublicAddress(of id: NetworkInterfaceID) {
        guard var interface = state.networkInterfaces[id],
            interface.addresses.contains(where: { $0.autoPublicAddress != nil })
        else { return }
        for position in interface.addresses.indices { interface.addresses[position].autoPublicAddress = nil }
        put(interface)
    }
}

extension CloudState {
    /// The public address that stands for the interface's first address.
    package func publicAddress(of interface: NetworkInterfaceRecord) -> IPv4Address? {
        interface.addresses.first.flatMap { publicAddress(of: $0, on: interface.id) }
    }

    package func publicAddress(
        of address: NetworkInterfaceRecord.Address, on interface: NetworkInterfaceID
    ) -> IPv4Address? {
        elasticAddress(for: address.privateAddress, on: interface)?.publicAddress ?? address.autoPublicAddress
    }

    /// The Elastic IP associated with the interface's private address.
    package func elasticAddress(for address: IPv4Address, on interface: NetworkInterfaceID) -> AddressRecord? {
        let key = IndexKey(.interface, interface)
        guard addresses.contains(key) else { return nil }
        return addresses.all(where: key).first { $0.association?.privateAddress == address }
    }

    fileprivate func hasPublicAddress(_ address: IPv4Address) -> Bool {
        let key = IndexKey(.publicAddress, address)
        return addresses.contains(key) || networkInterfaces.contains(key)
    }
}

extension CloudSettings {
    /// The pool without its first and last address and without the host's own.
    fileprivate func mayGiveOut(_ address: IPv4Address) -> Bool {
        publicPool.contains(address) && address != publicPool.address && address != publicPool.last
            && !reservedPublicAddresses.contains(address)
    }
}
