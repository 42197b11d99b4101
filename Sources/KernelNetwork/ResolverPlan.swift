// From what a VPC should be to the files of its dnsmasq, which answers DHCP and DNS. Does no I/O.

import CloudTypes
import NodeContract

/// The files as texts. A change of `configuration` needs a restart, a change of the others a reload.
struct ResolverFiles: Equatable, Sendable {
    /// Without the paths, which the owner of the files adds.
    var configuration: String
    /// Addresses and names.
    var names: String
    /// Ethernet addresses, addresses and host names.
    var leases: String
}

struct ResolverPlan {
    let network: VPCNetwork
    let mtu: Int
    /// Resolvers outside; empty: names that the VPC does not know do not exist.
    let upstream: [IPv4Address]

    func files() -> ResolverFiles {
        ResolverFiles(configuration: configuration(), names: names(), leases: leases())
    }

    private func configuration() -> String {
        var lines = [
            "port=\(network.naming.hasResolver ? 53 : 0)",
            "bind-dynamic", "interface=\(Names.service)", "interface=e*",
            "except-interface=lo", "except-interface=\(Names.uplink)", "bridge-interface=\(Names.service),e*",
            "no-resolv", "no-hosts", "no-poll", "no-ping", "local-ttl=60", "dhcp-authoritative", "dhcp-broadcast",
            "dhcp-lease-max=65536", "domain=\(domain)", "local=/\(network.naming.internalDomain)/", "bogus-priv",
        ]
        // Names that cannot exist outside are not asked for there: cloud-init looks for some at each boot, and would wait
        // where nobody answers.
        lines += ["domain-needed", "local=/invalid/"]
        lines += upstream.isEmpty ? ["local=/#/"] : upstream.map { "server=\($0)" }
        lines += generalOptions()
        for subnet in network.subnets { lines += options(of: subnet) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func generalOptions() -> [String] {
        let naming = network.naming
        var servers = naming.nameServers
        if servers.isEmpty, naming.announcesNameServers { servers = Array(network.resolverAddresses.prefix(1)) }
        // An option without a value is left out of the answer, where dnsmasq would put one of its own.
        var lines = [
            option("option:dns-server", servers), "dhcp-option=option:mtu,\(mtu)",
            "dhcp-option=option:domain-name" + (naming.domainName.isEmpty ? "" : ",\(domain)"),
        ]
        if !naming.timeServers.isEmpty { lines.append(option("option:ntp-server", naming.timeServers)) }
        if !naming.netbiosNameServers.isEmpty { lines.append(option("option:netbios-ns", naming.netbiosNameServers)) }
        if let type = naming.netbiosNodeType { lines.append("dhcp-option=option:netbios-nodetype,\(type)") }
        return lines
    }

    private func options(of subnet: VPCNetwork.Subnet) -> [String] {
        let tag = subnet.id.description
        let router = subnet.routerAddress
        let block = subnet.cidrBlock
        let routes = "\(CIDRBlock.everything),\(router),\(VPCNetwork.metadataAddress)/32,\(router)"
        return [
            "dhcp-range=set:\(tag),\(block.address),static,\(block.netmask),3600",
            "dhcp-option=tag:\(tag),option:router,\(router)",
            "dhcp-option=tag:\(tag),option:classless-static-route,\(routes)",
        ]
    }

    private func option(_ name: String, _ addresses: [IPv4Address]) -> String {
        "dhcp-option=" + ([name] + addresses.map(\.description)).joined(separator: ",")
    }

    /// One word that dnsmasq can read: what DHCP options say may hold several domains, of which the first counts here.
    private var domain: String {
        let allowed = network.naming.domainName.split(separator: " ").first.map(String.init) ?? ""
        let isName = !allowed.isEmpty && allowed.utf8.allSatisfy(ResolverPlan.isNameByte)
        return isName ? allowed : network.naming.internalDomain
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 45, 46, 95, 48...57, 65...90, 97...122: true
        default: false
        }
    }

    private func names() -> String {
        let domain = network.naming.internalDomain
        let named = network.interfaces.flatMap { interface in
            interface.addresses.enumerated().map { place, address in
                (address.privateAddress, place == 0 ? interface.labels : ["ip-\(address.privateAddress.dashed)"])
            }
        }
        return named.sorted { $0.0 < $1.0 }.map { address, labels in
            "\(address) " + labels.map { "\($0).\(domain)" }.joined(separator: " ") + "\n"
        }.joined()
    }

    private func leases() -> String {
        network.interfaces.compactMap { interface in
            interface.addresses.first.map { (interface.macAddress, $0.privateAddress, interface.labels[0]) }
        }.sorted { $0.1 < $1.1 }.map { "\($0.0),\($0.1),\($0.2)\n" }.joined()
    }
}

extension VPCNetwork.Interface {
    /// The names of the primary address, that of the guest first: it is what the address leads back to.
    fileprivate var labels: [String] {
        let byAddress = addresses.first.map { "ip-\($0.privateAddress.dashed)" } ?? ""
        guard let resourceName else { return [byAddress] }
        return isCalledByResourceName ? [resourceName, byAddress] : [byAddress, resourceName]
    }
}

/// What a dnsmasq has given out, as its lease file tells: when it ends, Ethernet address, address, name and client, a line each.
struct GivenLeases: Equatable {
    var lines: [Substring]

    init(_ text: String) { lines = text.split(separator: "\n") }

    var text: String { lines.map { $0 + "\n" }.joined() }

    /// Without those of addresses that other interfaces have now: dnsmasq would keep such an address for the old one, and
    /// give the new one none, until the lease ends.
    ///
    /// - Parameter leases: as in ``ResolverFiles``.
    func withoutMoved(to leases: String) -> GivenLeases {
        let pairs = leases.split(separator: "\n").map { $0.split(separator: ",", maxSplits: 2) }
        let owners = Dictionary(pairs.map { ($0[1], $0[0]) }) { _, last in last }
        var kept = self
        kept.lines.removeAll { line in
            let fields = line.split(separator: " ")
            return fields.count > 2 && owners[fields[2]].map { $0 != fields[1] } == true
        }
        return kept
    }
}
