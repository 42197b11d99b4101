// DHCP options and DNS attributes of a VPC as a fabric serves them.
// Source: Amazon VPC User Guide, "DHCP option sets", "DNS attributes for your VPC".

internal import CloudTypes
internal import NodeContract

extension VPCNetwork.Naming {
    init(of vpc: VPCRecord, in state: CloudState, settings: CloudSettings) {
        self.init()
        hasResolver = vpc.enableDNSSupport
        internalDomain = settings.internalDomain
        domainName = ""
        announcesNameServers = false
        guard let options = vpc.dhcpOptions.flatMap({ state.dhcpOptions[$0]?.options }) else { return }
        domainName = options[DHCPOption.domainName]?.joined(separator: " ") ?? ""
        let servers = options[DHCPOption.domainNameServers] ?? []
        announcesNameServers = !servers.isEmpty
        nameServers =
            servers == [DHCPOption.amazonDNS]
            ? []
            : servers.compactMap { server in
                server == DHCPOption.amazonDNS ? vpc.cidrBlock.address.advanced(by: 2) : IPv4Address(server)
            }
        timeServers = (options[DHCPOption.timeServers] ?? []).compactMap { IPv4Address($0) }
        netbiosNameServers = (options[DHCPOption.netbiosNameServers] ?? []).compactMap { IPv4Address($0) }
        netbiosNodeType = options[DHCPOption.netbiosNodeType]?.first.flatMap { Int($0) }
    }
}
