// What is decided before anything is done: rules, routes and the way from one state to the next.

import CloudTypes
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("The rules of a security group")
struct GroupRulesTests {
    private func rules(
        ingress: [VPCNetwork.Rule] = [], egress: [VPCNetwork.Rule] = [], _ direction: GroupRules.Direction = .ingress
    ) -> [String] {
        let group = VPCNetwork.Group(id: theID(1), ingress: ingress, egress: egress)
        return GroupRules(group, known: [theID(1), theID(2)]).rules(direction)
    }

    private let near = VPCNetwork.Rule.Peer.block(block("10.1.0.0/16"))

    @Test("match the peer where packets come from, or go to")
    func peers() {
        let rule = VPCNetwork.Rule(traffic: .tcp(22...22), peer: near)
        #expect(rules(ingress: [rule]) == ["ip saddr 10.1.0.0/16 tcp dport 22 accept"])
        #expect(rules(egress: [rule], .egress) == ["ip daddr 10.1.0.0/16 tcp dport 22 meta mark set 1 return"])
    }

    @Test(
        "match what AWS means by protocol and ports",
        arguments: [
            (VPCNetwork.Rule.Traffic.all, "accept"), (.tcp(0...65535), "meta l4proto tcp accept"),
            (.udp(5000...5010), "udp dport 5000-5010 accept"),
            (.icmp(type: nil, code: nil), "meta l4proto icmp accept"),
            (.icmp(type: 8, code: nil), "icmp type 8 accept"),
            (.icmp(type: 3, code: 4), "icmp type 3 icmp code 4 accept"),
            (.other(50), "meta l4proto 50 accept"),
        ])
    func traffic(traffic: VPCNetwork.Rule.Traffic, text: String) {
        #expect(rules(ingress: [.init(traffic: traffic, peer: near)]) == ["ip saddr 10.1.0.0/16 " + text])
    }

    @Test("name a group's members, and nobody where the group is not known")
    func members() {
        let known = VPCNetwork.Rule(traffic: .all, peer: .members(of: theID(2)))
        let gone = VPCNetwork.Rule(traffic: .all, peer: .members(of: theID(3)))
        #expect(rules(ingress: [known, gone]) == ["ip saddr @sg_00000000000000002_members accept"])
    }

    @Test("leave a connection untracked only if anyone may make it and every port may answer anyone")
    func untracked() {
        let open = VPCNetwork.Rule.tcp(80)
        #expect(rules(ingress: [open], egress: [.anything]) == ["tcp dport 80 ct mark set ct mark or 1 accept"])
        #expect(rules(ingress: [open], egress: [.tcp(443)]) == ["tcp dport 80 accept"])
        let allTCP = VPCNetwork.Rule(traffic: .tcp(0...65535), peer: .block(.everything))
        #expect(rules(ingress: [.udp(53)], egress: [allTCP]) == ["udp dport 53 accept"])
        let all = rules(ingress: [.anything], egress: [.anything])
        #expect(all.last == "accept" && all.filter { $0.contains("ct mark") }.count == 2)
    }
}

@Suite("The plan of a VPC")
struct VPCPlanTests {
    private let link = EdgeLink(index: 0)
    private func plan(_ network: VPCNetwork) -> VPCPlan {
        VPCPlan(network, link: link, configuration: KernelNetwork.Configuration(stateDirectory: "/var/lib/apus"))
    }

    @Test("for other rules is made of the former one, and is what it would be from nothing")
    func madeOfTheFormer() {
        var network = large(20)
        network.groups.append(.init(id: theID(2), ingress: [.tcp(22)], egress: [.anything]))
        var plan = plan(network)
        for ingress: [VPCNetwork.Rule] in [[.tcp(80)], [.tcp(80), .udp(53, from: .members(of: theID(2)))], []] {
            network.groups[0].ingress = ingress
            plan = VPCPlan(
                network, link: link, configuration: KernelNetwork.Configuration(stateDirectory: "/var/lib/apus"),
                after: plan)
            #expect(plan == self.plan(network))
        }
        network.add(99, "10.0.2.99")
        network.groups[0].egress = []
        let last = VPCPlan(
            network, link: link, configuration: KernelNetwork.Configuration(stateDirectory: "/var/lib/apus"),
            after: plan)
        #expect(last == self.plan(network))
    }

    @Test("subnets with the same routes share a table, and need none where the main one can hold them")
    func sharedTables() {
        var network = VPCNetwork.sample()
        let common = network.subnets[0].routes
        func tables(reachesOutside: Bool = false) -> [SubnetID: UInt32] {
            RoutingPlan.tables(of: network, reachesOutside: reachesOutside)
        }
        #expect(tables().isEmpty && tables(reachesOutside: true).isEmpty)
        let isolated = Array(common.prefix(1))
        network.subnets += [3, 4].map { .init(id: theID($0), cidrBlock: block("10.0.\($0).0/24"), routes: isolated) }
        #expect(Set(tables().keys) == [theID(3), theID(4)] && Set(tables().values).count == 1)
        // A way through a guest to a part of the VPC comes before the addresses of that part.
        network.subnets[0].routes.append(.init(destination: block("10.0.2.0/24"), target: .blackhole))
        #expect(Set(tables().keys) == [theID(1), theID(3), theID(4)])
        // What stays inside may not follow the resolver out.
        for place in [0, 1] { network.subnets[place].routes = isolated }
        #expect(tables().isEmpty && Set(tables(reachesOutside: true).keys) == Set((1...4).map { theID($0) }))
    }

    @Test("knows whose address is another's now, also from what the kernel says of an earlier run")
    func taken() {
        var network = large(2)
        let before = plan(network)
        let text = """
            table inet apus {
            \tmap sources {
            \t\ttype ipv4_addr . ifname . ether_addr : verdict
            \t\telements = { 10.0.1.20 . "e00000000000001" . 02:00:00:00:00:11 : goto table_70000,
            \t\t\t     10.0.1.21 . "e00000000000002" . 02:00:00:00:00:12 : accept }
            \t}
            }
            """
        #expect(
            VPCPlan.keys(ofMap: text) == [
                "10.0.1.20 . \"e00000000000001\" . 02:00:00:00:00:11",
                "10.0.1.21 . \"e00000000000002\" . 02:00:00:00:00:12",
            ])
        #expect(before.addressesTaken(from: before.sources).isEmpty && !before.hasTranslations(otherThan: before))
        let address = network.interfaces[0].addresses[0].privateAddress
        let interface = network.interfaces.removeFirst()
        #expect(plan(network).addressesTaken(from: before.sources) == [address])
        network.add(7, "\(interface.addresses[0].privateAddress)")
        #expect(plan(network).addressesTaken(from: before.sources) == [address])
    }

    private func script(from old: VPCNetwork, to new: VPCNetwork) -> [Substring] {
        plan(new).ruleset.changes(from: plan(old).ruleset).split(separator: "\n")
    }

    private func large(_ count: Int) -> VPCNetwork {
        var network = VPCNetwork.sample()
        for number in 1...count { network.add(number, "10.0.\(1 + number / 200).\(10 + number % 200)") }
        return network
    }

    @Test("is the same for the same network, and leads nowhere from itself")
    func same() {
        let network = large(20)
        #expect(plan(network) == plan(network))
        #expect(script(from: network, to: network).isEmpty)
    }

    @Test("a new interface costs the same among a few as among many")
    func newInterface() {
        func cost(_ count: Int) -> (lines: Int, bytes: Int) {
            var network = large(count)
            let before = network
            network.add(250, "10.0.2.250", public: "198.18.0.250")
            let lines = script(from: before, to: network)
            return (lines.count, lines.reduce(0) { $0 + $1.utf8.count })
        }
        #expect(cost(2) == cost(200))
    }

    @Test("a changed rule touches the chain of its group and the fingerprint, nothing else")
    func changedRule() {
        var network = large(3)
        let before = network
        network.groups[0].ingress = [.tcp(22)]
        let lines = script(from: before, to: network)
        #expect(
            lines.filter { !$0.contains("state_") } == [
                "add rule inet apus sg_00000000000000001_in tcp dport 22 ct mark set ct mark or 1 accept"
            ])
        #expect(lines.count == 3)
        let back = script(from: network, to: before).filter { !$0.contains("state_") }
        #expect(back == ["flush chain inet apus sg_00000000000000001_in"])
    }

    @Test("a group that goes is named by nothing when it goes")
    func goneGroup() throws {
        var network = large(1)
        let ownMembers = VPCNetwork.Rule(traffic: .all, peer: .members(of: theID(2)))
        network.groups.append(.init(id: theID(2), ingress: [ownMembers], egress: []))
        network.interfaces[0].groups = [theID(1), theID(2)]
        var after = network
        after.groups.removeLast()
        after.interfaces[0].groups = [theID(1)]
        let lines = script(from: network, to: after)
        let flush = try #require(lines.firstIndex { $0 == "flush chain inet apus sg_00000000000000002_in" })
        let set = try #require(lines.firstIndex { $0 == "delete set inet apus sg_00000000000000002_members" })
        let chain = try #require(lines.firstIndex { $0 == "delete chain inet apus sg_00000000000000002_in" })
        let element = try #require(lines.firstIndex { $0.hasPrefix("delete element inet apus ingress") })
        #expect(flush < set && element < chain)
    }

    @Test("routes end where AWS ends them: without a gateway, a target or a route nothing is sent on")
    func routes() {
        var network = VPCNetwork.sample()
        let checked = network.add(1, "10.0.1.10")
        let free = network.add(2, "10.0.1.20", sourceDestinationCheck: false)
        network.subnets[0].routes = [
            .init(destination: block("10.0.0.0/16"), target: .local),
            .init(destination: block("192.168.1.0/24"), target: .interface(checked.id)),
            .init(destination: block("192.168.2.0/24"), target: .interface(free.id)),
            .init(destination: block("192.168.3.0/24"), target: .interface(theID(9))),
            .init(destination: block("192.168.4.0/24"), target: .blackhole),
            .init(destination: block("192.168.5.0/24"), target: .internetGateway),
        ]
        func target(_ destination: String) -> Routing.Target? {
            let table = RoutingPlan.tables(of: network, reachesOutside: false)[theID(1)] ?? Routing.mainTable
            return plan(network).routing.routes[.init(table: table, destination: block(destination))]
        }
        #expect(target("10.0.0.0/16") == .unreachable && target("10.0.1.10/32") != nil)
        #expect(target("192.168.1.0/24") == .blackhole)
        #expect(target("192.168.2.0/24") == .gateway(ip("10.0.1.20"), link: Names.port(of: free.id)))
        #expect(target("192.168.3.0/24") == .blackhole)
        #expect(target("192.168.4.0/24") == .blackhole)
        #expect(target("192.168.5.0/24") == .gateway(link.edge, link: Names.uplink))
        #expect(target("0.0.0.0/0") == nil)
        network.hasInternetGateway = false
        #expect(target("192.168.5.0/24") == .blackhole)
        // With a way into the VPC itself the subnet has a table of its own.
        network.subnets[0].routes.append(.init(destination: block("10.0.2.0/24"), target: .interface(free.id)))
        #expect(target("10.0.0.0/16") == .next && target("0.0.0.0/0") == .unreachable)
        #expect(target("10.0.2.0/24") == .gateway(ip("10.0.1.20"), link: Names.port(of: free.id)))
    }

    @Test("a resolver that only the host can reach is none for guests")
    func resolvers() {
        let text =
            "# host\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver\t192.0.2.2\nnameserver ::1\nsearch x"
        #expect(HostResolvers.reachable(in: text) == [ip("192.0.2.1"), ip("192.0.2.2")])
    }

    @Test("link names fit the kernel and depend on nothing but the id")
    func names() {
        let names = Names(stateDirectory: "/var/lib/apus")
        let long: [String] = [
            Names.port(of: theID(1)), Names.peer(ofPort: Names.port(of: theID(1))), names.edgeLink(of: theID(1)),
            names.hostLink,
        ]
        #expect(long.allSatisfy { $0.utf8.count <= 15 })
        #expect(names.vpc(ofNamespace: names.namespace(of: theID(7))) == theID(7))
        #expect(names.vpc(ofNamespace: names.edgeNamespace) == nil)
        #expect(Names(stateDirectory: "/other").prefix != names.prefix)
    }
}
