// Internet gateways: one per VPC, and not taken away under public addresses.
// Source: Amazon VPC User Guide, "Enable internet access for a VPC using an internet gateway".

package import CloudTypes

extension Transaction {
    /// - Throws: `InternetGatewayLimitExceeded`.
    package mutating func createInternetGateway(
        tags: [String: String]
    ) throws(EC2Error) -> InternetGatewayRecord {
        guard state.internetGateways.count(where: IndexKey(.account, account)) < settings.quotas.internetGateways
        else {
            throw EC2Error(
                "InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.")
        }
        var gateway = InternetGatewayRecord(id: newID(), account: account, vpc: nil)
        gateway.tags = tags
        put(gateway)
        return gateway
    }

    /// - Throws: `…NotFound`, `Resource.AlreadyAssociated`; `InvalidParameterValue` where the VPC has another one.
    package mutating func attachInternetGateway(_ id: InternetGatewayID, to vpc: VPCID) throws(EC2Error) {
        var gateway: InternetGatewayRecord = try owned(id)
        let network: VPCRecord = try owned(vpc)
        if let present = gateway.vpc {
            throw EC2Error("Resource.AlreadyAssociated", "resource \(id) is already attached to network \(present)")
        }
        guard state.internetGateway(of: network.id) == nil else {
            throw .invalidParameterValue("Network \(vpc) already has an internet gateway attached")
        }
        gateway.vpc = network.id
        put(gateway)
    }

    /// - Throws: `…NotFound`, `Gateway.NotAttached`, `DependencyViolation` while the VPC has public addresses.
    package mutating func detachInternetGateway(_ id: InternetGatewayID, from vpc: VPCID) throws(EC2Error) {
        var gateway: InternetGatewayRecord = try owned(id)
        let network: VPCRecord = try owned(vpc)
        guard gateway.vpc == network.id else {
            throw EC2Error("Gateway.NotAttached", "resource \(id) is not attached to network \(vpc)")
        }
        guard !state.hasPublicAddresses(network.id) else {
            throw .dependencyViolation(
                "Network \(vpc) has some mapped public address(es). Please unmap those public address(es) before "
                    + "detaching the gateway.")
        }
        gateway.vpc = nil
        put(gateway)
    }

    /// - Throws: `…NotFound`, `DependencyViolation` while it is attached.
    package mutating func deleteInternetGateway(_ id: InternetGatewayID) throws(EC2Error) {
        let gateway: InternetGatewayRecord = try owned(id)
        guard gateway.vpc == nil else {
            throw .dependencyViolation("The internetGateway '\(id)' has dependencies and cannot be deleted.")
        }
        delete(gateway.id, InternetGatewayRecord.self)
    }
}

extension CloudState {
    /// Whether any interface in the VPC has a public address.
    fileprivate func hasPublicAddresses(_ vpc: VPCID) -> Bool {
        networkInterfaces.all(where: IndexKey(.vpc, vpc)).contains { interface in
            interface.addresses.contains { publicAddress(of: $0, on: interface.id) != nil }
        }
    }
}
