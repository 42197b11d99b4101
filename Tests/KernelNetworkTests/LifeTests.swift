// A fabric that is started again, stands beside another, and goes away.

import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("A fabric", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct LifeTests {
    @Test("started again finds its VPCs and cuts no connection")
    func adoption() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.tcp(80, from: .block(block("10.0.0.0/16")))]
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.2.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(in: server.namespace, port: 80)
            let sender = try #require(try await Wire.connect(from: client.namespace, to: server.address, 80))
            let receiver = try #require(listener.accept()?.0)
            let again = try lab.anotherRun()
            #expect(try await again.present() == [network.id])
            try await again.apply(network)
            sender.send("still here")
            #expect(receiver.receive() == "still here")
            #expect(try await reaches(server.address, 80, from: client.namespace))
        }
    }

    @Test("removed leaves no namespace, link, route or process")
    func removal() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.add(1, "10.0.1.10", public: "198.18.5.5")
            try await lab.fabric.apply(network)
            try await lab.fabric.removeEverything()
            let prefix = lab.configuration.names.prefix
            #expect(try await lab.run("ip", "netns", "list", in: lab.host).contains(prefix) == false)
            #expect(try await lab.run("ip", "link", in: lab.host).contains(prefix) == false)
            #expect(try await lab.run("ip", "route", "show", "table", "all", in: lab.host).contains("198.18") == false)
            let processes = try await HostCommand.run(["pgrep", "-f", lab.configuration.runtimePath + "/"])
            #expect(processes.outputText.isEmpty)
        }
    }

    @Test("hands out a listener on which a guest is known by its address")
    func metadata() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            let a = network.add(1, "10.0.1.10")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let listener = try OwnedDescriptor(try await lab.fabric.openMetadataListener(in: network.id), "listener")
            #expect(try await reaches(ip("169.254.169.254"), 80, from: guest.namespace))
            var peer = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let accepted = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(listener.number, $0, &size) }
            }
            #expect(accepted >= 0)
            close(accepted)
            #expect(IPv4Address(UInt32(bigEndian: peer.sin_addr.s_addr)) == guest.address)
        }
    }

    @Test("removes a VPC and leaves the other one working")
    func oneOfTwo() async throws {
        try await Lab.run { lab in
            var (one, other) = (VPCNetwork.sample(1), VPCNetwork.sample(2))
            other.groups[0].ingress = [.tcp(22)]
            one.add(1, "10.0.1.10", public: "198.18.5.5")
            let b = other.add(2, "10.0.1.20", public: "198.18.6.6")
            try await lab.fabric.apply(one)
            try await lab.fabric.apply(other)
            let guest = try await lab.guest(b, of: other)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            try await lab.fabric.remove(one.id)
            #expect(try await lab.fabric.present() == [other.id])
            #expect(try await reaches(ip("198.18.6.6"), 22, from: lab.host))
            _ = listener
        }
    }
}
