// Security groups, judged by packets.

import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("Security groups on a real kernel", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct SecurityGroupTests {
    private let inside = VPCNetwork.Rule.Peer.block(block("10.0.0.0/16"))

    @Test("a port that a rule allows answers, another does not")
    func allowed() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.tcp(80)]
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.2.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let open = try await Wire.server(in: server.namespace, port: 80)
            let closed = try await Wire.server(in: server.namespace, port: 81)
            #expect(try await reaches(server.address, 80, from: client.namespace))
            #expect(open.accept()?.1.address == client.address)
            #expect(try await !reaches(server.address, 81, from: client.namespace, timeout: silence))
            #expect(closed.accept(timeout: 0) == nil)
        }
    }

    @Test("a rule works as soon as it is there and no longer than it is there; a tracked connection lives on")
    func live() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.1.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(in: server.namespace, port: 80)
            #expect(try await !reaches(server.address, 80, from: client.namespace, timeout: silence))

            network.groups[0].ingress = [.tcp(80, from: inside)]
            try await lab.fabric.apply(network)
            let near = try #require(try await Wire.connect(from: client.namespace, to: server.address, 80))
            let far = try #require(listener.accept()).0

            network.groups[0].ingress = []
            try await lab.fabric.apply(network)
            #expect(try await !reaches(server.address, 80, from: client.namespace, timeout: silence))
            near.send("still")
            #expect(far.receive() == "still")
            far.send("here")
            #expect(near.receive() == "here")
        }
    }

    @Test("a connection that anyone may make, and that may answer anyone, ends with its rule")
    func untracked() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.tcp(80)]
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.1.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(in: server.namespace, port: 80)
            let near = try #require(try await Wire.connect(from: client.namespace, to: server.address, 80))
            let far = try #require(listener.accept()).0
            near.send("one")
            #expect(far.receive() == "one")
            network.groups[0].ingress = []
            try await lab.fabric.apply(network)
            near.send("two")
            #expect(far.receive(timeout: silence) == nil)
        }
    }

    @Test("a reference means the interfaces in the group, as they come and go")
    func reference() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups += [
                .init(id: theID(2), ingress: [.tcp(5432, from: .members(of: theID(3)))], egress: [.anything]),
                .init(id: theID(3), ingress: [], egress: [.anything]),
            ]
            let server = network.add(1, "10.0.1.10", groups: [2])
            let member = network.add(2, "10.0.2.20", groups: [1, 3])
            let other = network.add(3, "10.0.2.30")
            try await lab.fabric.apply(network)
            let guests = [
                try await lab.guest(server, of: network), try await lab.guest(member, of: network),
                try await lab.guest(other, of: network),
            ]
            let listener = try await Wire.server(in: guests[0].namespace, port: 5432)
            #expect(try await reaches(guests[0].address, 5432, from: guests[1].namespace))
            #expect(try await !reaches(guests[0].address, 5432, from: guests[2].namespace, timeout: silence))

            network.interfaces[1].groups = [theID(1)]
            network.interfaces[2].groups = [theID(3)]
            try await lab.fabric.apply(network)
            #expect(try await !reaches(guests[0].address, 5432, from: guests[1].namespace, timeout: silence))
            #expect(try await reaches(guests[0].address, 5432, from: guests[2].namespace))
            #expect(listener.accept() != nil)
        }
    }

    @Test("what a group does not let out stays in, even where the target would take it")
    func egress() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.anything]
            network.groups.append(.init(id: theID(2), ingress: [], egress: [.tcp(443)]))
            let (a, b) = (network.add(1, "10.0.1.10", groups: [2]), network.add(2, "10.0.1.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let servers = [
                try await Wire.server(in: server.namespace, port: 443),
                try await Wire.server(in: server.namespace, port: 80),
            ]
            #expect(try await reaches(server.address, 443, from: client.namespace))
            #expect(try await !reaches(server.address, 80, from: client.namespace, timeout: silence))
            #expect(servers[1].accept(timeout: 0) == nil)
        }
    }

    @Test("the rules of several groups add up")
    func several() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups += [
                .init(id: theID(2), ingress: [.tcp(80)], egress: []),
                .init(id: theID(3), ingress: [.tcp(443)], egress: []),
            ]
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.1.20", groups: [2, 3]))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let servers = [
                try await Wire.server(in: server.namespace, port: 443),
                try await Wire.server(in: server.namespace, port: 80),
            ]
            for port: UInt16 in [80, 443] {
                #expect(try await reaches(server.address, port, from: client.namespace))
            }
            network.interfaces[1].groups = [theID(3)]
            try await lab.fabric.apply(network)
            #expect(try await reaches(server.address, 443, from: client.namespace))
            #expect(try await !reaches(server.address, 80, from: client.namespace, timeout: silence))
            _ = servers
        }
    }
}
