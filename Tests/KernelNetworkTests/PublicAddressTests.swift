// Public addresses: the host's way in, one to one, and nowhere else.

import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("A public address", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct PublicAddressTests {
    @Test("is reached from the host, guarded by the group")
    func fromHost() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.tcp(22)]
            let a = network.add(1, "10.0.1.10", public: "198.18.5.5")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let (open, closed) = (
                try await Wire.server(in: guest.namespace, port: 22), try await Wire.server(in: guest.namespace, port: 23)
            )
            #expect(try await reaches(ip("198.18.5.5"), 22, from: lab.host))
            #expect(open.accept()?.1.address == lab.configuration.hostAddress)
            #expect(try await !reaches(ip("198.18.5.5"), 23, from: lab.host, timeout: silence))
            #expect(closed.accept(timeout: 0) == nil)
        }
    }

    @Test("moves to another guest at once")
    func moves() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.tcp(22)]
            let a = network.add(1, "10.0.1.10", public: "198.18.5.5")
            let b = network.add(2, "10.0.2.20")
            try await lab.fabric.apply(network)
            let (one, other) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let (first, second) = (
                try await Wire.server(in: one.namespace, port: 22), try await Wire.server(in: other.namespace, port: 22)
            )
            #expect(try await reaches(ip("198.18.5.5"), 22, from: lab.host))
            #expect(first.accept() != nil)
            network.interfaces[0].addresses[0].publicAddress = nil
            network.interfaces[1].addresses[0].publicAddress = ip("198.18.5.5")
            try await lab.fabric.apply(network)
            #expect(try await reaches(ip("198.18.5.5"), 22, from: lab.host))
            #expect(second.accept() != nil)
        }
    }

    @Test("of one VPC is reached from another, by its public name")
    func acrossVPCs() async throws {
        try await Lab.run { lab in
            var (one, other) = (VPCNetwork.sample(1), VPCNetwork.sample(2))
            one.groups[0].ingress = [.tcp(80, from: .block(block("198.18.6.6/32")))]
            let a = one.add(1, "10.0.1.10", public: "198.18.5.5")
            let b = other.add(2, "10.0.1.10", public: "198.18.6.6")
            try await lab.fabric.apply(one)
            try await lab.fabric.apply(other)
            let (server, client) = (try await lab.guest(a, of: one), try await lab.guest(b, of: other))
            let listener = try await Wire.server(in: server.namespace, port: 80)
            #expect(try await reaches(ip("198.18.5.5"), 80, from: client.namespace))
            #expect(listener.accept()?.1.address == ip("198.18.6.6"))
        }
    }

    @Test("that nobody has is unreachable, and no packet for it leaves the host")
    func unused() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.add(1, "10.0.1.10", public: "198.18.5.5")
            try await lab.fabric.apply(network)
            let route = try? await lab.run("ip", "route", "get", "198.18.200.200", in: lab.host)
            #expect(route?.contains("via") != true || route?.contains(lab.configuration.names.hostLink) == true)
            #expect(try await !reaches(ip("198.18.200.200"), 80, from: lab.host, timeout: silence))
        }
    }

    @Test("is needed to get out: a guest without one reaches nothing outside its VPC")
    func without() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            let a = network.add(1, "10.0.1.10")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let listener = try await Wire.server(in: lab.host, port: 8080)
            #expect(
                try await !reaches(lab.configuration.hostAddress, 8080, from: guest.namespace, timeout: silence))
            #expect(listener.accept(timeout: 0) == nil)
        }
    }

    @Test("without an internet gateway leads nowhere")
    func noGateway() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.hasInternetGateway = false
            network.groups[0].ingress = [.anything]
            let a = network.add(1, "10.0.1.10", public: "198.18.5.5")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            #expect(try await !reaches(ip("198.18.5.5"), 22, from: lab.host, timeout: silence))
            _ = listener
        }
    }
}
