// DHCP option sets: the one that an account's VPCs begin with, what may be in one, and which VPC uses which.
// Source: Amazon VPC User Guide, "DHCP option sets".

internal import CloudTypes

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
