// Links, addresses and routes of a VPC's namespace as a value, and the `ip -batch` lines between two of them.

import CloudTypes
import NodeContract

struct Routing: Equatable, Sendable {
    /// The VPC's ends of its interfaces.
    var ports: Set<String> = []
    /// What the guests at ports may send and receive, where that is bounded.
    var shares: [String: NetworkShare] = [:]
    /// The router's own addresses: of each subnet, of the resolver and of the metadata service.
    var localAddresses: Set<IPv4Address> = []
    var neighbours: [Neighbour: MACAddress] = [:]
    var routes: [RouteKey: Target] = [:]
    /// Tables that packets with the same mark are looked up in.
    var tables: Set<UInt32> = []

    struct Neighbour: Hashable, Sendable, Comparable {
        var port: String
        var address: IPv4Address
        static func < (left: Self, right: Self) -> Bool { (left.port, left.address) < (right.port, right.address) }
    }

    struct RouteKey: Hashable, Sendable, Comparable {
        /// 254 is the main table.
        var table: UInt32
        var destination: CIDRBlock
        static func < (left: Self, right: Self) -> Bool {
            (left.table, left.destination) < (right.table, right.destination)
        }
    }

    enum Target: Hashable, Sendable {
        /// A guest's own address behind its port, answered for by the router's address in the subnet.
        case port(String, source: IPv4Address)
        case gateway(IPv4Address, link: String)
        /// As `gateway`, for what the namespace itself sends.
        case gatewayFrom(IPv4Address, link: String, source: IPv4Address)
        case unreachable
        case blackhole
        /// Look on in the next table.
        case next
    }

    static let mainTable: UInt32 = 254
}

extension Routing {
    /// Everything that is to be, a line each, in no order.
    var facts: [String] {
        var facts = ports.map { "port \($0)" }
        facts += shares.map { "share \($0.key) \($0.value.baseline) \($0.value.peak)" }
        facts += localAddresses.map { "address \($0)" }
        facts += neighbours.map { "neighbour \($0.key.port) \($0.key.address) \($0.value)" }
        facts += routes.map { "route \($0.key.text($0.value))" }
        return facts + tables.map { "table \($0)" }
    }

    /// The lines that lead here from `old`; empty when nothing differs.
    ///
    /// Routes go before the ports they lead to; a port that goes takes its neighbours along.
    func changes(from old: Routing, kind: KernelNetwork.PortKind, mtu: Int) -> [String] {
        guard self != old else { return [] }
        let gonePorts = old.ports.subtracting(ports)
        var lines = localAddresses.subtracting(old.localAddresses).sorted().map {
            "addr replace \($0)/32 dev \(Names.service)"
        }
        for port in ports.subtracting(old.ports).sorted() { lines += creation(of: port, kind, mtu) }
        for (key, target) in routes.sorted(by: { $0.key < $1.key }) where old.routes[key] != target {
            lines.append("route replace \(key.text(target))")
        }
        for (neighbour, mac) in neighbours.sorted(by: { $0.key < $1.key }) where old.neighbours[neighbour] != mac {
            lines.append("neigh replace \(neighbour.address) lladdr \(mac) dev \(neighbour.port) nud permanent")
        }
        lines += tables.subtracting(old.tables).sorted().map { "rule add pref 100 fwmark \($0) lookup \($0)" }
        lines += old.tables.subtracting(tables).sorted().map { "rule del pref 100 fwmark \($0) lookup \($0)" }
        for (key, target) in old.routes.sorted(by: { $0.key < $1.key }) where routes[key] == nil {
            lines.append("route del \(key.text(target))")
        }
        for neighbour in old.neighbours.keys.sorted() where neighbours[neighbour] == nil {
            if !gonePorts.contains(neighbour.port) {
                lines.append("neigh del \(neighbour.address) dev \(neighbour.port)")
            }
        }
        lines += gonePorts.sorted().map { "link del \($0)" }
        let goneAddresses = old.localAddresses.subtracting(localAddresses).sorted()
        return lines + goneAddresses.map { "addr del \($0)/32 dev \(Names.service)" }
    }

    /// Every guest sees the router under one Ethernet address, which no interface can have been given.
    static let routerMAC = "0a:00:00:00:00:01"

    private func creation(of port: String, _ kind: KernelNetwork.PortKind, _ mtu: Int) -> [String] {
        let make =
            switch kind {
            case .tap: "tuntap add dev \(port) mode tap"
            case .pair: "link add \(port) mtu \(mtu) type veth peer name \(Names.peer(ofPort: port)) mtu \(mtu)"
            }
        return [make, "link set dev \(port) address \(Routing.routerMAC) mtu \(mtu) up"]
    }
}

extension Routing.RouteKey {
    fileprivate func text(_ target: Routing.Target) -> String {
        let place = table == Routing.mainTable ? "" : " table \(table)"
        return switch target {
        case .port(let port, let source): "\(destination) dev \(port) src \(source)\(place)"
        case .gateway(let gateway, let link): "\(destination) via \(gateway) dev \(link) onlink\(place)"
        case .gatewayFrom(let gateway, let link, let source):
            "\(destination) via \(gateway) dev \(link) onlink src \(source)\(place)"
        case .unreachable: "unreachable \(destination)\(place)"
        case .blackhole: "blackhole \(destination)\(place)"
        case .next: "throw \(destination)\(place)"
        }
    }
}
