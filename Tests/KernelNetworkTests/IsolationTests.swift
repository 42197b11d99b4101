// Who can be reached by whom, whatever anyone sends.

import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("Isolation on a real kernel", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct IsolationTests {
    private func open(_ number: Int) -> VPCNetwork {
        var network = VPCNetwork.sample(number)
        network.groups[0].ingress = [.anything]
        return network
    }

    @Test("VPCs with the same blocks never meet")
    func sameBlocks() async throws {
        try await Lab.run { lab in
            var (one, two) = (open(1), open(2))
            let (a, b) = (one.add(1, "10.0.1.10"), two.add(2, "10.0.1.20"))
            let twin = one.add(3, "10.0.1.20")
            try await lab.fabric.apply(one)
            try await lab.fabric.apply(two)
            let (client, other) = (try await lab.guest(a, of: one), try await lab.guest(b, of: two))
            let near = try await lab.guest(twin, of: one)
            let here = try await Wire.server(in: near.namespace, port: 80)
            let there = try await Wire.server(in: other.namespace, port: 80)
            #expect(try await reaches(ip("10.0.1.20"), 80, from: client.namespace))
            #expect(here.accept()?.1.address == client.address)
            #expect(there.accept(timeout: 0) == nil)
            #expect(try await !reaches(ip("10.0.1.10"), 80, from: other.namespace, timeout: silence))
        }
    }

    @Test("a packet with another's address is dropped where it enters")
    func spoofed() async throws {
        try await Lab.run { lab in
            var network = open(1)
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.1.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let receiver = try await Wire.server(SOCK_DGRAM, in: server.namespace, port: 9)
            for (source, text) in [("10.0.1.99", "lie"), ("8.8.8.8", "lie"), ("10.0.1.10", "truth")] {
                let sender = try await Wire(Int32(SOCK_DGRAM.rawValue), in: client.namespace)
                try sender.bind(ip(source))
                sender.send(Array(text.utf8), to: server.address, 9)
            }
            // The way is the same for all three, so what arrives first was sent first.
            #expect(receiver.receive() == "truth")
        }
    }

    @Test("a tracked connection is no cover for another's address, in either direction")
    func spoofedFlow() async throws {
        try await Lab.run { lab in
            var network = open(1)
            network.groups[0].ingress = [.udp(9, from: .block(block("10.0.0.0/16")))]
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.1.20"))
            let c = network.add(3, "10.0.1.30")
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let liar = try await lab.guest(c, of: network)
            let (near, far) = try await flow(from: client, to: server)
            for (source, port, target) in [(client, near.1, (server, 9)), (server, 9, (client, near.1))] {
                let sender = try await Wire(Int32(SOCK_DGRAM.rawValue), in: liar.namespace)
                try sender.bind(source.address, port)
                sender.send(Array("lie".utf8), to: target.0.address, UInt16(target.1))
            }
            // The way is the same for all, so what arrives first was sent first.
            near.0.send(Array("truth".utf8), to: server.address, 9)
            #expect(far.receive() == "truth")
            far.send(Array("truth".utf8), to: client.address, near.1)
            #expect(near.0.receive() == "truth")
        }
    }

    @Test("no connection of an address outlives its interface", arguments: [true, false])
    func addressTaken(byAnotherRun: Bool) async throws {
        try await Lab.run { lab in
            var network = open(1)
            network.groups[0].ingress = []
            let guarded = VPCNetwork.Rule.udp(9, from: .block(block("10.0.0.0/16")))
            network.groups.append(.init(id: theID(2), ingress: [guarded], egress: [.anything]))
            let a = network.add(1, "10.0.1.10")
            let (b, other) = (network.add(2, "10.0.1.20", groups: [2]), network.add(3, "10.0.1.30", groups: [2]))
            try await lab.fabric.apply(network)
            let client = try await lab.guest(a, of: network)
            let (former, neighbour) = (try await lab.guest(b, of: network), try await lab.guest(other, of: network))
            let (near, _) = try await flow(from: client, to: former)
            let (kept, keptFar) = try await flow(from: client, to: neighbour)

            network.interfaces.removeAll { $0.id == b.id }
            let heir = network.add(4, "10.0.1.20")
            // What lives on does so without a rule.
            network.groups[1].ingress = []
            let fabric = try byAnotherRun ? lab.anotherRun() : lab.fabric
            try await fabric.apply(network)
            let latter = try await lab.guest(heir, of: network)
            let receiver = try await Wire.server(SOCK_DGRAM, in: latter.namespace, port: 9)
            near.0.send(Array("stale".utf8), to: latter.address, 9)
            kept.0.send(Array("still".utf8), to: neighbour.address, 9)
            #expect(keptFar.receive() == "still")
            #expect(receiver.receive(timeout: silence) == nil)
        }
    }

    /// A UDP flow that both ends have spoken on: the client's socket with its port, and the server's, at port 9.
    private func flow(from client: Guest, to server: Guest) async throws -> ((Wire, UInt16), Wire) {
        let far = try await Wire.server(SOCK_DGRAM, in: server.namespace, port: 9)
        let near = try await Wire(Int32(SOCK_DGRAM.rawValue), in: client.namespace)
        try near.bind(client.address)
        near.send(Array("hello".utf8), to: server.address, 9)
        let port = try #require(far.receiveFrom()).1.port
        far.send(Array("welcome".utf8), to: client.address, port)
        #expect(near.receive() == "welcome")
        return ((near, port), far)
    }

    @Test("a subnet's own routes hold beside the common ones")
    func ownRoutes() async throws {
        try await Lab.run { lab in
            var network = open(1)
            network.subnets[1].routes.removeLast()
            let a = network.add(1, "10.0.1.10", public: "198.18.0.10")
            let b = network.add(2, "10.0.2.20", public: "198.18.0.20")
            try await lab.fabric.apply(network)
            let (open, closed) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let service = try await Wire.server(in: lab.host, port: 8080)
            let inside = try await Wire.server(in: open.namespace, port: 80)
            let host = lab.configuration.hostAddress
            #expect(try await reaches(host, 8080, from: open.namespace))
            #expect(try await !reaches(host, 8080, from: closed.namespace, timeout: silence))
            #expect(try await reaches(open.address, 80, from: closed.namespace))
            #expect(service.accept() != nil && inside.accept() != nil)

            network.subnets[1].routes = network.subnets[0].routes
            try await lab.fabric.apply(network)
            #expect(try await reaches(host, 8080, from: closed.namespace))
            network.subnets[0].routes.removeLast()
            try await lab.fabric.apply(network)
            #expect(try await !reaches(host, 8080, from: open.namespace, timeout: silence))
            #expect(try await reaches(host, 8080, from: closed.namespace))
        }
    }

    @Test("an interface without the check may forward, and a route leads through it")
    func forwarding() async throws {
        try await Lab.run { lab in
            var network = open(1)
            let a = network.add(1, "10.0.1.10")
            let router = network.add(2, "10.0.2.20", sourceDestinationCheck: false)
            network.subnets[0].routes.append(.init(destination: block("192.168.7.0/24"), target: .interface(router.id)))
            try await lab.fabric.apply(network)
            let client = try await lab.guest(a, of: network)
            let appliance = try await lab.guest(router, of: network)
            try await lab.run("ip", "addr", "add", "192.168.7.7/32", "dev", "lo", in: appliance.namespace)
            let listener = try await Wire.server(in: appliance.namespace, port: 80, address: ip("192.168.7.7"))
            #expect(try await reaches(ip("192.168.7.7"), 80, from: client.namespace))
            #expect(listener.accept()?.1.address == client.address)
            let receiver = try await Wire.server(SOCK_DGRAM, in: client.namespace, port: 9)
            let sender = try await Wire(Int32(SOCK_DGRAM.rawValue), in: appliance.namespace)
            try sender.bind(ip("192.168.7.7"))
            sender.send(Array("for another".utf8), to: client.address, 9)
            #expect(receiver.receiveFrom()?.1.address == ip("192.168.7.7"))

            network.interfaces[1].sourceDestinationCheck = true
            try await lab.fabric.apply(network)
            #expect(try await !reaches(ip("192.168.7.7"), 80, from: client.namespace, timeout: silence))
        }
    }

    @Test("of the router itself a guest reaches the services and nothing else")
    func router() async throws {
        try await Lab.run { lab in
            var network = open(1)
            let a = network.add(1, "10.0.1.10")
            try await lab.fabric.apply(network)
            let client = try await lab.guest(a, of: network)
            let hidden = try await Wire.server(in: try lab.inside(network.id), port: 22)
            for address in ["169.254.169.254", "10.0.1.1", "10.0.0.2", "169.254.64.3"] {
                #expect(try await !reaches(ip(address), 22, from: client.namespace, timeout: silence))
            }
            #expect(hidden.accept(timeout: 0) == nil)
        }
    }

    @Test("a guest hears the router for every address of the VPC, and only if it speaks for itself")
    func arp() async throws {
        try await Lab.run({ $0.portKind = .tap }) { lab in
            var network = open(1)
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.1.20"))
            try await lab.fabric.apply(network)
            let port = try await TapGuest(lab, a, in: network.id)
            port.askARP(for: b.addresses[0].privateAddress, as: ip("10.0.1.30"))
            port.askARP(for: ip("10.0.1.1"), as: ip("10.0.1.20"))
            port.askARP(for: ip("10.0.0.2"), as: a.addresses[0].privateAddress, from: b.macAddress)
            port.askARP(for: b.addresses[0].privateAddress, as: a.addresses[0].privateAddress)
            let answer = try #require(port.nextARPAnswer())
            #expect(answer.address == b.addresses[0].privateAddress)
            #expect(answer.mac == Routing.routerMAC)
            for address in ["10.0.1.1", "10.0.0.2", "169.254.169.254"] {
                port.askARP(for: ip(address), as: a.addresses[0].privateAddress)
                #expect(port.nextARPAnswer()?.address == ip(address))
            }
        }
    }
}
