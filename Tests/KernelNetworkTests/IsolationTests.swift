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
