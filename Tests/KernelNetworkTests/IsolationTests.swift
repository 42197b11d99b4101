// What must not pass: between VPCs, and under a false name.

import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("Isolation", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct IsolationTests {
    @Test("two VPCs with the same addresses do not meet")
    func sameBlocks() async throws {
        try await Lab.run { lab in
            var (one, other) = (VPCNetwork.sample(1), VPCNetwork.sample(2))
            one.groups[0].ingress = [.anything]
            other.groups[0].ingress = [.anything]
            let (a, b) = (one.add(1, "10.0.1.10"), other.add(2, "10.0.1.20"))
            try await lab.fabric.apply(one)
            try await lab.fabric.apply(other)
            let (client, server) = (try await lab.guest(a, of: one), try await lab.guest(b, of: other))
            let listener = try await Wire.server(in: server.namespace, port: 80)
            #expect(try await !reaches(server.address, 80, from: client.namespace, timeout: silence))
            #expect(listener.accept(timeout: 0) == nil)
        }
    }

    @Test("a packet with a false source address is dropped")
    func spoofed() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.anything]
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.2.20"))
            try await lab.fabric.apply(network)
            let (liar, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(SOCK_DGRAM, in: server.namespace, port: 53)
            try await lab.run("ip", "addr", "add", "10.0.1.99/24", "dev", "eth0", in: liar.namespace)
            let honest = try await Wire(Int32(SOCK_DGRAM.rawValue), in: liar.namespace)
            let pretender = try await Wire(Int32(SOCK_DGRAM.rawValue), in: liar.namespace)
            try pretender.bind(ip("10.0.1.99"))
            pretender.send(Array("false".utf8), to: server.address, 53)
            honest.send(Array("true".utf8), to: server.address, 53)
            let (bytes, sender) = try #require(listener.receiveFrom())
            #expect(String(decoding: bytes, as: UTF8.self) == "true")
            #expect(sender.address == liar.address)
            #expect(listener.receiveFrom(timeout: silence) == nil)
        }
    }

    @Test("a guest whose source/destination check is off may forward for others")
    func forwarding() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.anything]
            let a = network.add(1, "10.0.1.10", sourceDestinationCheck: false)
            let b = network.add(2, "10.0.2.20")
            try await lab.fabric.apply(network)
            let (forwarder, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(SOCK_DGRAM, in: server.namespace, port: 53)
            try await lab.run("ip", "addr", "add", "192.0.2.7/32", "dev", "lo", in: forwarder.namespace)
            let socket = try await Wire(Int32(SOCK_DGRAM.rawValue), in: forwarder.namespace)
            try socket.bind(ip("192.0.2.7"))
            socket.send(Array("for another".utf8), to: server.address, 53)
            #expect(listener.receiveFrom()?.1.address == ip("192.0.2.7"))
        }
    }

    @Test("a guest reaches nothing of the router but DHCP, DNS and metadata")
    func router() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            let a = network.add(1, "10.0.1.10")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let inside = try lab.inside(network.id)
            let secret = try await Wire.server(in: inside, port: 2222)
            #expect(try await !reaches(ip("10.0.1.1"), 2222, from: guest.namespace, timeout: silence))
            #expect(try await !reaches(ip("169.254.169.254"), 2222, from: guest.namespace, timeout: silence))
            _ = secret
        }
    }
}
