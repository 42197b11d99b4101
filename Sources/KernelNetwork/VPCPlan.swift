// All that a VPC becomes on this host, decided in one go, with the fingerprint that says it is so.

import CloudTypes
import NodeContract

struct VPCPlan: Equatable, Sendable {
    /// Carries the fingerprint as the name of an empty chain, so that it changes in the same transaction.
    let ruleset: Ruleset
    let routing: Routing
    /// Public addresses that the edge sends to this VPC.
    let publicAddresses: Set<IPv4Address>
    let resolver: ResolverFiles
    let fingerprint: Fingerprint

    private let network: VPCNetwork
    private let link: EdgeLink

    /// - Parameter old: a plan of the same VPC on the same host. Where only rules of groups differ, the rest is taken
    ///   from there, so that the cost of a rule does not follow the number of interfaces.
    init(_ network: VPCNetwork, link: EdgeLink, configuration: KernelNetwork.Configuration, after old: VPCPlan?) {
        if let old, old.link == link, old.network.differsInRulesAlone(from: network) {
            self.init(old, withRulesOf: network)
        } else {
            self.init(network, link: link, configuration: configuration)
        }
    }

    private init(_ old: VPCPlan, withRulesOf network: VPCNetwork) {
        (self.network, link) = (network, old.link)
        (routing, publicAddresses, resolver) = (old.routing, old.publicAddresses, old.resolver)
        let plan = RulesetPlan(network: network, tables: [:])
        var (ruleset, fingerprint) = (old.ruleset, old.fingerprint)
        ruleset.tables[0].chains[VPCPlan.marker(fingerprint)] = nil
        for (group, before) in zip(network.groups, old.network.groups) where group != before {
            for (name, chain) in plan.chains(of: group) {
                if let gone = ruleset.tables[0].chains.updateValue(chain, forKey: name) {
                    fingerprint.subtract(ruleset.tables[0].facts(of: name, gone))
                }
                fingerprint.add(ruleset.tables[0].facts(of: name, chain))
            }
        }
        ruleset.tables[0].chains[VPCPlan.marker(fingerprint)] = Ruleset.Chain()
        (self.ruleset, self.fingerprint) = (ruleset, fingerprint)
    }

    init(_ network: VPCNetwork, link: EdgeLink, configuration: KernelNetwork.Configuration) {
        (self.network, self.link) = (network, link)
        let outside = configuration.uplink != nil
        let tables = RoutingPlan.tables(of: network, reachesOutside: outside)
        routing = RoutingPlan(network: network, tables: tables, link: link, reachesOutside: outside).routing()
        publicAddresses =
            network.hasInternetGateway
            ? Set(network.interfaces.flatMap(\.addresses).compactMap(\.publicAddress)) : []
        resolver = ResolverPlan(
            network: network, mtu: configuration.mtu, upstream: outside ? configuration.upstreamResolvers ?? [] : []
        ).files()
        var ruleset = RulesetPlan(network: network, tables: tables).ruleset()
        fingerprint = Fingerprint(
            ofAll: ruleset.facts + routing.facts + publicAddresses.map { "public \($0)" }
                + ["mtu \(configuration.mtu)"])
        ruleset.tables[0].chains[VPCPlan.marker(fingerprint)] = Ruleset.Chain()
        self.ruleset = ruleset
    }

    static func marker(_ fingerprint: Fingerprint) -> String { "state_\(fingerprint)" }

    /// Who may speak for which address: the keys of the map that the kernel checks each packet against.
    var sources: Dictionary<String, String>.Keys {
        (ruleset.tables[0].collections[RulesetPlan.sources]?.elements ?? [:]).keys
    }

    /// Private addresses by public ones, as the kernel translates them.
    var translations: [String: String] {
        ruleset.tables[0].collections[RulesetPlan.privateAddresses]?.elements ?? [:]
    }

    func hasTranslations(otherThan plan: VPCPlan) -> Bool {
        let others = plan.translations
        return translations.contains { others[$0.key] != $0.value }
    }

    var sourceAddresses: Set<IPv4Address> { Set(network.interfaces.flatMap(\.addresses).map(\.privateAddress)) }

    /// The keys of a map as `nft list map` prints it: `elements = { KEY : VALUE, … }`.
    static func keys(ofMap text: String) -> [String] {
        guard let elements = text.firstRange(of: "elements = {") else { return [] }
        let body = text[elements.upperBound...].prefix { $0 != "}" }
        return body.split(separator: ",").compactMap { element in
            let words = element.split { $0.isWhitespace }
            guard let colon = words.lastIndex(of: ":") else { return nil }
            return words[..<colon].joined(separator: " ")
        }
    }

    /// The addresses that an interface, or its Ethernet address, had before and no longer has. What is tracked of them
    /// was allowed to another.
    ///
    /// - Parameter before: the sources that were in force.
    func addressesTaken(from before: some Sequence<String>) -> Set<IPv4Address> {
        let now = sources
        let gone = before.filter { !now.contains($0) }
        return Set(gone.compactMap { $0.split(separator: " ").first.flatMap { IPv4Address(String($0)) } })
    }
}

extension VPCNetwork {
    fileprivate func differsInRulesAlone(from other: VPCNetwork) -> Bool {
        guard groups.map(\.id) == other.groups.map(\.id) else { return false }
        var same = self
        same.groups = other.groups
        return same == other
    }
}
