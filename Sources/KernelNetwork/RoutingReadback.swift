// Reads the routing of a VPC's namespace back from the kernel, for when we did not make it in this run.

import Backends
import CloudTypes
import HostSystem

extension Routing {
    /// What is there, as far as it may have to go or to come: ports, addresses, neighbours, routes and rules. Targets
    /// that cannot be ours read as unlike any of ours.
    ///
    /// - Parameter links: the names of all links of the namespace.
    static func present(
        in namespace: OwnedDescriptor, links: Set<String>, tools: HostTools
    ) throws(NetworkFabricError) -> Routing {
        var routing = Routing()
        routing.ports = links.filter { $0.hasPrefix("e") }
        let addresses = try tools.run(["ip", "-j", "-4", "addr", "show", "dev", Names.service], in: namespace)
        routing.localAddresses = Set(try IPLink.list(addresses.standardOutput).flatMap(\.addresses))
        let routes = try tools.run(["ip", "-j", "-4", "route", "show", "table", "all"], in: namespace)
        for route in try IPRoute.list(routes.standardOutput) {
            guard let (key, target) = entry(route) else { continue }
            routing.routes[key] = target
        }
        let neighbours = try tools.run(["ip", "-j", "-4", "neigh", "show", "nud", "permanent"], in: namespace)
        for neighbour in try IPNeighbour.list(neighbours.standardOutput) where routing.ports.contains(neighbour.dev) {
            guard let address = IPv4Address(neighbour.dst), let mac = neighbour.lladdr.flatMap({ MACAddress($0) })
            else {
                continue
            }
            routing.neighbours[Neighbour(port: neighbour.dev, address: address)] = mac
        }
        let rules = try tools.run(["ip", "-j", "-4", "rule", "show", "pref", "100"], in: namespace)
        routing.tables = Set(try IPRule.list(rules.standardOutput).compactMap { $0.table.flatMap(UInt32.init) })
        return routing
    }

    /// Leaves out what the kernel keeps by itself: the table `local` and routes of addresses.
    private static func entry(_ route: IPRoute) -> (RouteKey, Target)? {
        guard route.table != "local", route.proto != "kernel", let block = route.block else { return nil }
        guard let table = route.table.map({ UInt32($0) }) ?? mainTable else { return nil }
        return (RouteKey(table: table, destination: block), target(of: route))
    }

    private static func target(of route: IPRoute) -> Target {
        let source = route.prefsrc.flatMap { IPv4Address($0) }
        let gateway = route.gateway.flatMap { IPv4Address($0) }
        switch (route.type, route.dev, gateway, source) {
        case ("unreachable", _, _, _): return .unreachable
        case ("throw", _, _, _): return .next
        case (_, let dev?, let gateway?, let source?): return .gatewayFrom(gateway, link: dev, source: source)
        case (_, let dev?, let gateway?, nil): return .gateway(gateway, link: dev)
        case (_, let dev?, nil, let source?): return .port(dev, source: source)
        default: return .blackhole
        }
    }
}
