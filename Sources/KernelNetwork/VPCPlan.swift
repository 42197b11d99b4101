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

    init(_ network: VPCNetwork, link: EdgeLink, configuration: KernelNetwork.Configuration) {
        let tables = RoutingPlan.tables(of: network)
        let outside = configuration.uplink != nil
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
}
