// From what a VPC should be to the nftables ruleset of its namespace.
// The order of judgement: who sent it (`pre`), where from and where to (`forward`). What every packet of a tracked
// connection passes is one look-up and a few comparisons; no map of interfaces is named twice, because the kernel
// follows every verdict of every map that it meets before it takes a change. Does no I/O.

import CloudTypes
import NodeContract

struct RulesetPlan {
    let network: VPCNetwork
    /// Which routing table each subnet's packets are looked up in.
    let tables: [SubnetID: UInt32]
    private let known: Set<SecurityGroupID>

    static let inet = "inet apus"
    static let arp = "arp apus"
    /// The map of who may speak for which address.
    static let sources = "sources"
    /// The map from public to private addresses.
    static let privateAddresses = "private_of"

    init(network: VPCNetwork, tables: [SubnetID: UInt32]) {
        (self.network, self.tables) = (network, tables)
        known = Set(network.groups.map(\.id))
    }

    func ruleset() -> Ruleset {
        var inet = Ruleset.Table(name: RulesetPlan.inet, collections: emptyCollections, chains: fixedChains)
        for table in Set(tables.values) {
            inet.chains[RulesetPlan.chain(ofTable: table)] = Ruleset.Chain(rules: ["meta mark set \(table) accept"])
        }
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
            RulesetPlan.sources: .map("ipv4_addr . ifname . ether_addr : verdict"),
            "ports": .set("ifname . ether_addr"),
            "unchecked": .map("ifname . ether_addr : verdict"),
            "egress": .map("ifname : verdict"),
            "ingress": .map("ifname : verdict"),
            "public_of": .map("ipv4_addr : ipv4_addr"),
            RulesetPlan.privateAddresses: .map("ipv4_addr : ipv4_addr"),
            "translated": .set("ipv4_addr"),
            "questions": Ruleset.Collection(
                kind: "set", type: "type ifname; size 65535; flags dynamic; timeout 1m;"),
        ]
    }

    private func add(_ group: VPCNetwork.Group, to table: inout Ruleset.Table) {
        table.collections[GroupRules.members(of: group.id)] = .set("ipv4_addr")
        table.chains.merge(chains(of: group)) { $1 }
    }

    /// The group's rules, which name other groups' sets of members but no member.
    func chains(of group: VPCNetwork.Group) -> [String: Ruleset.Chain] {
        let rules = GroupRules(group, known: known)
        return [
            GroupRules.chain(of: group.id, .ingress): Ruleset.Chain(rules: rules.rules(.ingress)),
            GroupRules.chain(of: group.id, .egress): Ruleset.Chain(rules: rules.rules(.egress)),
        ]
    }

    private func add(_ interface: VPCNetwork.Interface, to inet: inout Ruleset.Table, and arp: inout Ruleset.Table) {
        let port = Names.port(of: interface.id)
        let link = "\"\(port)\" . \(interface.macAddress)"
        let verdict = tables[interface.subnet].map { "goto \(RulesetPlan.chain(ofTable: $0))" } ?? "accept"
        inet.collections["ports"]?.elements[link] = ""
        arp.collections["ports"]?.elements[link] = ""
        if !interface.sourceDestinationCheck {
            inet.collections["unchecked"]?.elements[link] = verdict
            arp.collections["unchecked"]?.elements[link] = ""
        }
        for address in interface.addresses {
            // The address first: the kernel then needs not look into the Ethernet header for what kind of packet it is.
            inet.collections[RulesetPlan.sources]?.elements["\(address.privateAddress) . \(link)"] = verdict
            arp.collections["sources"]?.elements["\(link) . \(address.privateAddress)"] = ""
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
        collections[RulesetPlan.privateAddresses]?.elements["\(publicAddress)"] = "\(privateAddress)"
        collections["translated"]?.elements["\(privateAddress)"] = ""
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

// The chains that are the same whoever is on the network.
extension RulesetPlan {
    private var fixedChains: [String: Ruleset.Chain] {
        var chains = [
            "pre": sourceCheck, "from_outside": fromOutside, "forward": forward,
            "from_source": fromSource, "input": inputChain,
        ]
        // Where nothing is translated the kernel need not look for translations.
        if network.hasInternetGateway {
            chains["nat_in"] = natInChain
            chains["nat_out"] = natOutChain
        }
        return chains
    }

    /// Marks what comes from a subnet that has a routing table of its own.
    private static func chain(ofTable table: UInt32) -> String { "table_\(table)" }

    /// Only what an interface may say passes, before anything of it is tracked.
    private var sourceCheck: Ruleset.Chain {
        Ruleset.Chain(
            hook: "type filter hook prerouting priority raw; policy drop;",
            rules: [
                "iif \"\(Names.uplink)\" goto from_outside",
                "ip saddr . iifname . ether saddr vmap @sources",
                "iifname \"lo\" accept",
                "ip saddr 0.0.0.0 udp sport 68 udp dport 67 iifname . ether saddr @ports accept",
                "iifname . ether saddr vmap @unchecked",
            ])
    }

    private var fromOutside: Ruleset.Chain {
        Ruleset.Chain(rules: network.cidrBlocks.map { "ip saddr \($0) drop" } + ["accept"])
    }

    /// Once for every packet that passes. A connection without a mark is tracked in both directions: it was judged when
    /// it began, and ends when its addresses are another's. One with a mark is judged again in its own direction.
    private var forward: Ruleset.Chain {
        let known = "ct state established,related"
        return Ruleset.Chain(
            hook: "type filter hook forward priority 0; policy drop;",
            rules: [
                "\(known) ct mark 0 accept", "iif \"\(Names.uplink)\" oif \"\(Names.uplink)\" drop",
                "oif \"\(Names.uplink)\" ip saddr != @translated drop",
                "\(known) ct direction reply accept", "ct state invalid drop",
                "jump from_source", "meta mark != \(GroupRules.letOut) drop",
                "\(known) ct mark and \(GroupRules.Direction.ingress.untrackedBit) == 0 accept",
                "oif \"\(Names.uplink)\" accept", "oifname vmap @ingress",
            ])
    }

    /// Has the source's groups judge, where that is to be done.
    private var fromSource: Ruleset.Chain {
        let bit = GroupRules.Direction.egress.untrackedBit
        return Ruleset.Chain(rules: [
            "iif \"\(Names.uplink)\" \(GroupRules.Direction.egress.verdict)",
            "ct state established,related ct mark and \(bit) == 0 \(GroupRules.Direction.egress.verdict)",
            "iifname vmap @egress",
        ])
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
