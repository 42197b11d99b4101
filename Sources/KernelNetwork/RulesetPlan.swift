// From what a VPC should be to the nftables ruleset of its namespace.
// The order of judgement: who sent it (`pre`), where from (`forward_egress`), where to (`forward_ingress`).
// Does no I/O.

import CloudTypes
import NodeContract

struct RulesetPlan {
    let network: VPCNetwork
    /// Which routing table each subnet's packets are looked up in.
    let tables: [SubnetID: UInt32]
    private let known: Set<SecurityGroupID>

    static let inet = "inet apus"
    static let arp = "arp apus"

    init(network: VPCNetwork, tables: [SubnetID: UInt32]) {
        (self.network, self.tables) = (network, tables)
        known = Set(network.groups.map(\.id))
    }

    func ruleset() -> Ruleset {
        var inet = Ruleset.Table(name: RulesetPlan.inet, collections: emptyCollections, chains: baseChains)
        var arp = Ruleset.Table(
            name: RulesetPlan.arp,
            collections: [
                "sources": .set("ifname . ether_addr . ipv4_addr"), "ports": .set("ifname . ether_addr"),
                "unchecked": .set("ifname . ether_addr"),
            ], chains: ["input": arpChain])
        for group in network.groups { add(group, to: &inet) }
        for interface in network.interfaces { add(interface, to: &inet, and: &arp) }
        return Ruleset(tables: [inet, arp])
    }

    private var emptyCollections: [String: Ruleset.Collection] {
        [
            "sources": .map("ifname . ether_addr . ipv4_addr : mark"),
            "ports": .set("ifname . ether_addr"),
            "unchecked": .map("ifname . ether_addr : mark"),
            "egress": .map("ifname : verdict"),
            "ingress": .map("ifname : verdict"),
            "public_of": .map("ipv4_addr : ipv4_addr"),
            "private_of": .map("ipv4_addr : ipv4_addr"),
            "translated": .set("ipv4_addr"),
            "translations": .set("ipv4_addr . ipv4_addr"),
            "questions": Ruleset.Collection(
                kind: "set", type: "type ifname; size 65535; flags dynamic; timeout 1m;"),
        ]
    }

    private func add(_ group: VPCNetwork.Group, to table: inout Ruleset.Table) {
        let rules = GroupRules(group, known: known)
        table.collections[GroupRules.members(of: group.id)] = .set("ipv4_addr")
        table.chains[GroupRules.chain(of: group.id, .ingress)] = Ruleset.Chain(rules: rules.rules(.ingress))
        table.chains[GroupRules.chain(of: group.id, .egress)] = Ruleset.Chain(rules: rules.rules(.egress))
    }

    private func add(_ interface: VPCNetwork.Interface, to inet: inout Ruleset.Table, and arp: inout Ruleset.Table) {
        let port = Names.port(of: interface.id)
        let link = "\"\(port)\" . \(interface.macAddress)"
        let mark = tables[interface.subnet].map(String.init) ?? "0"
        inet.collections["ports"]?.elements[link] = ""
        arp.collections["ports"]?.elements[link] = ""
        if !interface.sourceDestinationCheck {
            inet.collections["unchecked"]?.elements[link] = mark
            arp.collections["unchecked"]?.elements[link] = ""
        }
        for address in interface.addresses {
            let source = "\(link) . \(address.privateAddress)"
            inet.collections["sources"]?.elements[source] = mark
            arp.collections["sources"]?.elements[source] = ""
            if network.hasInternetGateway, let publicAddress = address.publicAddress {
                inet.translate(address.privateAddress, publicAddress)
            }
        }
        let groups = Set(interface.groups).intersection(known).sorted()
        for group in groups {
            for address in interface.addresses {
                inet.collections[GroupRules.members(of: group)]?.elements["\(address.privateAddress)"] = ""
            }
        }
        for direction in GroupRules.Direction.allCases {
            inet.judge(port, by: groups, direction)
        }
    }
}

extension Ruleset.Table {
    fileprivate mutating func translate(_ privateAddress: IPv4Address, _ publicAddress: IPv4Address) {
        collections["public_of"]?.elements["\(privateAddress)"] = "\(publicAddress)"
        collections["private_of"]?.elements["\(publicAddress)"] = "\(privateAddress)"
        collections["translated"]?.elements["\(privateAddress)"] = ""
        collections["translations"]?.elements["\(publicAddress) . \(privateAddress)"] = ""
    }

    /// Leads a port's packets to its group's chain, or to a chain that stands for its list of groups.
    fileprivate mutating func judge(_ port: String, by groups: [SecurityGroupID], _ direction: GroupRules.Direction) {
        guard let first = groups.first else { return }
        var chain = GroupRules.chain(of: first, direction)
        if groups.count > 1 {
            chain = "list_\(Fingerprint(of: groups.map(\.description)))_\(direction.rawValue)"
            let jumps = groups.map { "jump \(GroupRules.chain(of: $0, direction))" }
            chains[chain] = Ruleset.Chain(rules: jumps)
        }
        collections[direction.mapName]?.elements["\"\(port)\""] = "jump \(chain)"
    }
}

extension RulesetPlan {
    private var baseChains: [String: Ruleset.Chain] {
        [
            "pre": sourceCheck, "forward_egress": egressChain, "forward_ingress": ingressChain,
            "input": inputChain, "nat_in": natInChain, "nat_out": natOutChain,
        ]
    }

    /// Only what an interface may say passes, marked with its subnet's routing table.
    private var sourceCheck: Ruleset.Chain {
        let foreign = network.cidrBlocks.map { "iifname \"\(Names.uplink)\" ip saddr \($0) drop" }
        return Ruleset.Chain(
            hook: "type filter hook prerouting priority raw; policy drop;",
            rules: foreign + [
                "iifname { \"\(Names.uplink)\", \"lo\" } accept",
                "meta mark set iifname . ether saddr . ip saddr map @sources accept",
                "ip saddr 0.0.0.0 udp sport 68 udp dport 67 iifname . ether saddr @ports accept",
                "meta mark set iifname . ether saddr map @unchecked accept",
            ])
    }

    private func untilTracked(_ direction: GroupRules.Direction) -> [String] {
        let bit = direction.untrackedBit
        return [
            "ct state established,related ct mark and \(bit) == 0 accept",
            "ct state established,related ct direction reply accept",
        ]
    }

    /// A translated packet whose translation is no longer the one in force belongs to nobody.
    private var staleTranslations: [String] {
        let from = "iifname \"\(Names.uplink)\""
        return [
            "\(from) ct direction original ct original ip daddr . ip daddr != @translations drop",
            "\(from) ct direction reply ct reply ip daddr . ip daddr != @translations drop",
        ]
    }

    private var egressChain: Ruleset.Chain {
        let out = "oifname \"\(Names.uplink)\""
        return Ruleset.Chain(
            hook: "type filter hook forward priority -10; policy drop;",
            rules: [
                "iifname \"\(Names.uplink)\" \(out) drop"
            ] + staleTranslations + ["\(out) ip saddr != @translated drop"] + untilTracked(.egress) + [
                "ct state invalid drop",
                "iifname \"\(Names.uplink)\" accept",
                "iifname vmap @egress",
            ])
    }

    private var ingressChain: Ruleset.Chain {
        Ruleset.Chain(
            hook: "type filter hook forward priority 0; policy drop;",
            rules: untilTracked(.ingress) + ["oifname \"\(Names.uplink)\" accept", "oifname vmap @ingress"])
    }

    /// What guests may reach in the router itself: DHCP, the resolver and the metadata service.
    private var inputChain: Ruleset.Chain {
        let guests = "iifname \"e*\""
        let resolvers = network.resolverAddresses.map(\.description).joined(separator: ", ")
        let toResolver = "\(guests) ip daddr { \(resolvers) } meta l4proto { tcp, udp } th dport 53"
        // Amazon VPC User Guide, "Quotas": 1,024 packets a second from each interface.
        let limit = "limit rate over 1024/second burst 1024 packets"
        let dns = ["\(toResolver) update @questions { iifname \(limit) } drop", "\(toResolver) accept"]
        return Ruleset.Chain(
            hook: "type filter hook input priority 0; policy drop;",
            rules: [
                "iifname \"lo\" accept"
            ] + (network.naming.hasResolver ? dns : []) + [
                "ct state established,related accept",
                "\(guests) udp dport 67 accept",
                "\(guests) ip daddr \(VPCNetwork.metadataAddress) tcp dport 80 accept",
            ])
    }

    private var natInChain: Ruleset.Chain {
        Ruleset.Chain(
            hook: "type nat hook prerouting priority dstnat;",
            rules: ["iifname \"\(Names.uplink)\" dnat ip to ip daddr map @private_of"])
    }

    private var natOutChain: Ruleset.Chain {
        Ruleset.Chain(
            hook: "type nat hook postrouting priority srcnat;",
            rules: ["oifname \"\(Names.uplink)\" snat ip to ip saddr map @public_of"])
    }

    /// Who may speak ARP, and for which address; asking before having an address is allowed.
    private var arpChain: Ruleset.Chain {
        Ruleset.Chain(
            hook: "type filter hook input priority 0; policy drop;",
            rules: [
                "iifname \"\(Names.uplink)\" accept",
                "iifname . arp saddr ether . arp saddr ip @sources accept",
                "arp saddr ip 0.0.0.0 iifname . arp saddr ether @ports accept",
                "iifname . arp saddr ether @unchecked accept",
            ])
    }
}

extension VPCNetwork {
    static let metadataAddress = IPv4Address(0xA9FE_A9FE)
    static let linkLocalResolver = IPv4Address(0xA9FE_A9FD)

    /// Where the VPC's resolver answers: base + 2 of the first block, and 169.254.169.253.
    var resolverAddresses: [IPv4Address] {
        cidrBlocks.prefix(1).map { $0.address.advanced(by: 2) } + [VPCNetwork.linkLocalResolver]
    }
}
