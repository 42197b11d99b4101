// DHCP option sets: the one that an account's VPCs begin with, what may be in one, and which VPC uses which.
// Source: Amazon VPC User Guide, "DHCP option sets".

package import CloudTypes

extension Transaction {
    /// The account's set with the region's domain and Amazon's resolver; made where there is none.
    package mutating func defaultDHCPOptions() -> DHCPOptionsRecord {
        let options = [
            DHCPOption.domainName: [settings.internalDomain], DHCPOption.domainNameServers: [DHCPOption.amazonDNS],
        ]
        if let present = state.dhcpOptions.all(of: account).first(where: { $0.options == options }) { return present }
        let made = DHCPOptionsRecord(id: newID(), account: account, options: options)
        put(made)
        return made
    }

    /// - Parameter options: checked, by EC2's keys.
    package mutating func createDHCPOptions(
        _ options: [String: [String]], tags: [String: String]
    ) -> DHCPOptionsRecord {
        var made = DHCPOptionsRecord(id: newID(), account: account, options: options)
        made.tags = tags
        put(made)
        return made
    }

    /// - Throws: `…NotFound`, `DependencyViolation` while a VPC uses it.
    package mutating func deleteDHCPOptions(_ id: DHCPOptionsID) throws(EC2Error) {
        let options: DHCPOptionsRecord = try owned(id)
        guard !state.vpcs.contains(IndexKey(.dhcpOptions, id)) else {
            throw .dependencyViolation("The dhcpOptions '\(id)' has dependencies and cannot be deleted.")
        }
        delete(options.id, DHCPOptionsRecord.self)
    }

    /// - Parameter id: nil: the option set `default`, which tells guests nothing.
    /// - Throws: `…NotFound`.
    package mutating func useDHCPOptions(_ id: DHCPOptionsID?, in vpc: VPCID) throws(EC2Error) {
        var record: VPCRecord = try owned(vpc)
        if let id { let _: DHCPOptionsRecord = try owned(id) }
        record.dhcpOptions = id
        put(record)
    }
}

/// EC2's keys for DHCP options.
package enum DHCPOption {
    package static let domainName = "domain-name"
    package static let domainNameServers = "domain-name-servers"
    package static let timeServers = "ntp-servers"
    package static let netbiosNameServers = "netbios-name-servers"
    package static let netbiosNodeType = "netbios-node-type"
    /// Stands for the VPC's own resolver among the name servers.
    package static let amazonDNS = "AmazonProvidedDNS"
}
