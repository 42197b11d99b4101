// From what a VPC should be to the links and routes of its namespace. Does no I/O.
// The main table knows every private address, and where the first subnets' routes lead. Subnets that say otherwise
// have a table of their own, which sends what is inside the VPC on to the main table. The kernel looks up packets
// faster where there is only one table.

import CloudTypes
import NodeContract

struct RoutingPlan {
    let network: VPCNetwork
    let tables: [SubnetID: UInt32]
    let link: EdgeLink
    /// Whether the resolver may ask the outside.
    let reachesOutside: Bool

    /// The routing tables of the subnets that do not go by the main one. Subnets with the same routes share a table;
    /// its number depends on the first of them, so that it stays when others come and go.
    static func tables(of network: VPCNetwork, reachesOutside: Bool) -> [SubnetID: UInt32] {
        let common = commonRoutes(of: network, reachesOutside: reachesOutside)
        var taken: [UInt32: [VPCNetwork.Route]] = [:]
        var numbers: [[VPCNetwork.Route]: UInt32] = [:]
        var tables: [SubnetID: UInt32] = [:]
        for subnet in network.subnets.sorted(by: { $0.id < $1.id }) where subnet.routes != common {
            if let number = numbers[subnet.routes] {
                tables[subnet.id] = number
                continue
            }
            // From 2^16 up: clear of the system's own tables.
            var number = UInt32(truncatingIfNeeded: Fingerprint(of: [subnet.id.description]).number) >> 1 | 1 << 16
            while taken[number] != nil { number += 1 }
            (taken[number], numbers[subnet.routes], tables[subnet.id]) = (subnet.routes, number, number)
        }
        return tables
    }

    /// What the main table can say beside every private address: the first subnet's routes that lead beyond the VPC.
    /// nil where none can be said there.
    private static func commonRoutes(of network: VPCNetwork, reachesOutside: Bool) -> [VPCNetwork.Route]? {
        network.subnets.sorted { $0.id < $1.id }.first { subnet in
            let beyond = subnet.routes.filter { $0.target != .local }
            // A way to a part of the VPC would lose against the addresses themselves.
            guard !beyond.contains(where: { network.isInside($0.destination) }) else { return false }
            // The main table leads the resolver outside, and so would lead guests.
            guard reachesOutside else { return true }
            return network.hasInternetGateway
                && beyond.contains { $0.destination == .everything && $0.target == .internetGateway }
        }?.routes
    }

    func routing() -> Routing {
        var routing = Routing()
        routing.localAddresses = Set(network.resolverAddresses + [VPCNetwork.metadataAddress])
        routing.tables = Set(tables.values)
        let common = RoutingPlan.commonRoutes(of: network, reachesOutside: reachesOutside) ?? []
        for route in common where route.target != .local {
            routing.setMain(route.destination, target(of: route))
        }
        for block in network.cidrBlocks { routing.setMain(block, .unreachable) }
        if reachesOutside {
            routing.setMain(.everything, .gatewayFrom(link.edge, link: Names.uplink, source: link.vpc))
        }
        for subnet in network.subnets {
            routing.localAddresses.insert(subnet.routerAddress)
            addRoutes(of: subnet, to: &routing)
        }
        for interface in network.interfaces { add(interface, to: &routing) }
        return routing
    }

    private func add(_ interface: VPCNetwork.Interface, to routing: inout Routing) {
        let port = Names.port(of: interface.id)
        let source = network.subnets.first { $0.id == interface.subnet }?.routerAddress
        routing.ports.insert(port)
        if let share = interface.share { routing.shares[port] = share }
        for address in interface.addresses.map(\.privateAddress) {
            routing.neighbours[Routing.Neighbour(port: port, address: address)] = interface.macAddress
            let router = source ?? VPCNetwork.linkLocalResolver
            routing.setMain(CIDRBlock(address, prefix: 32), .port(port, source: router))
        }
    }

    private func addRoutes(of subnet: VPCNetwork.Subnet, to routing: inout Routing) {
        guard let table = tables[subnet.id] else { return }
        func set(_ destination: CIDRBlock, _ target: Routing.Target) {
            routing.routes[Routing.RouteKey(table: table, destination: destination)] = target
        }
        set(.everything, .unreachable)
        for route in subnet.routes { set(route.destination, target(of: route)) }
        // The VPC's own blocks are always local.
        for block in network.cidrBlocks { set(block, .next) }
    }

    private func target(of route: VPCNetwork.Route) -> Routing.Target {
        switch route.target {
        case .local: .next
        case .blackhole: .blackhole
        case .internetGateway:
            network.hasInternetGateway ? .gateway(link.edge, link: Names.uplink) : .blackhole
        case .interface(let id): target(through: id)
        }
    }

    /// A guest that forwards: an interface that checks addresses would drop what is not its own.
    private func target(through id: NetworkInterfaceID) -> Routing.Target {
        guard let interface = network.interfaces.first(where: { $0.id == id }), !interface.sourceDestinationCheck,
            let address = interface.addresses.first?.privateAddress
        else { return .blackhole }
        return .gateway(address, link: Names.port(of: id))
    }
}

extension VPCNetwork {
    fileprivate func isInside(_ block: CIDRBlock) -> Bool {
        cidrBlocks.contains { $0.contains(block) }
    }
}

extension Routing {
    fileprivate mutating func setMain(_ destination: CIDRBlock, _ target: Target) {
        routes[RouteKey(table: Routing.mainTable, destination: destination)] = target
    }
}

/// The two ends of the link between a VPC's namespace and the edge.
struct EdgeLink: Equatable, Sendable {
    let edge: IPv4Address
    let vpc: IPv4Address

    /// Link-local addresses that no guest may use, a pair for each VPC.
    static let range = CIDRBlock(IPv4Address(0xA9FE_4000), prefix: 18)
    static let count = range.count / 2 - 1

    /// - Parameter index: from 0 up to `count`.
    init(index: Int) {
        edge = EdgeLink.range.address.advanced(by: 2 * index + 2)
        vpc = edge.advanced(by: 1)
    }

    /// Which link the edge's end at `address` belongs to; nil for other addresses.
    static func index(ofEdge address: IPv4Address) -> Int? {
        guard range.contains(address) else { return nil }
        let offset = Int(address.number - range.address.number)
        return offset >= 2 && offset % 2 == 0 ? offset / 2 - 1 : nil
    }
}
