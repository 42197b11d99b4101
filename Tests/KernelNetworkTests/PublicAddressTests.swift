// Public addresses: who has them is reached and reaches out, who has none is not and does not.

import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("Public addresses on a real kernel", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct PublicAddressTests {
    private func open(_ number: Int = 1) -> VPCNetwork {
        var network = VPCNetwork.sample(number)
        network.groups[0].ingress = [.tcp(22, from: .block(block("198.18.0.0/16")))]
        return network
    }

    @Test("the host reaches a guest and is reached by it, each under its public address")
    func host() async throws {
        try await Lab.run { lab in
            var network = open()
            let a = network.add(1, "10.0.1.10", public: "198.18.0.10")
            let b = network.add(2, "10.0.1.20")
            try await lab.fabric.apply(network)
            let (known, unknown) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(in: known.namespace, port: 22)
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(listener.accept()?.1.address == lab.configuration.hostAddress)

            let service = try await Wire.server(in: lab.host, port: 8080)
            #expect(try await reaches(lab.configuration.hostAddress, 8080, from: known.namespace))
            #expect(service.accept()?.1.address == ip("198.18.0.10"))
            #expect(
                try await !reaches(lab.configuration.hostAddress, 8080, from: unknown.namespace, timeout: silence))
            #expect(service.accept(timeout: 0) == nil)
        }
    }

    @Test("guests of one VPC and of two meet under public addresses, which is all that groups see")
    func betweenGuests() async throws {
        try await Lab.run { lab in
            var (one, two) = (open(1), open(2))
            let a = one.add(1, "10.0.1.10", public: "198.18.0.10")
            let b = one.add(2, "10.0.1.20", public: "198.18.0.20")
            let c = two.add(3, "10.0.1.10", public: "198.18.0.30")
            try await lab.fabric.apply(one)
            try await lab.fabric.apply(two)
            let client = try await lab.guest(a, of: one)
            for (target, network) in [(b, one), (c, two)] {
                let guest = try await lab.guest(target, of: network)
                let listener = try await Wire.server(in: guest.namespace, port: 22)
                let address = try #require(guest.publicAddress)
                let near = try #require(try await Wire.connect(from: client.namespace, to: address, 22))
                let (far, peer) = try #require(listener.accept())
                #expect(peer.address == ip("198.18.0.10"))
                far.send("hello")
                #expect(near.receive() == "hello")
            }
        }
    }

    @Test("an address that moves to another interface takes new and old connections from the former")
    func moves() async throws {
        try await Lab.run { lab in
            var network = open()
            let a = network.add(1, "10.0.1.10", public: "198.18.0.10")
            let b = network.add(2, "10.0.2.20")
            try await lab.fabric.apply(network)
            let (former, latter) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listeners = [
                try await Wire.server(in: former.namespace, port: 22),
                try await Wire.server(in: latter.namespace, port: 22),
            ]
            let near = try #require(try await Wire.connect(from: lab.host, to: ip("198.18.0.10"), 22))
            let far = try #require(listeners[0].accept()).0
            near.send("one")
            #expect(far.receive() == "one")

            network.interfaces[0].addresses[0].publicAddress = nil
            network.interfaces[1].addresses[0].publicAddress = ip("198.18.0.10")
            try await lab.fabric.apply(network)
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(listeners[1].accept() != nil && listeners[0].accept(timeout: 0) == nil)
            near.send("two")
            #expect(far.receive(timeout: silence) == nil)
        }
    }

    @Test("nothing leaves under an address that is another's by now, on old connections neither")
    func leavesUnderItsOwn() async throws {
        try await Lab.run { lab in
            var network = open()
            let a = network.add(1, "10.0.1.10", public: "198.18.0.10")
            network.add(2, "10.0.2.20")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            let near = try #require(try await Wire.connect(from: lab.host, to: ip("198.18.0.10"), 22))
            let inward = try #require(listener.accept()).0
            let service = try await Wire.server(SOCK_DGRAM, in: lab.host, port: 9)
            let outward = try await Wire(Int32(SOCK_DGRAM.rawValue), in: guest.namespace)
            let host = lab.configuration.hostAddress
            outward.send(Array("one".utf8), to: host, 9)
            let sender = try #require(service.receiveFrom()).1
            service.send(Array("answer".utf8), to: sender.address, sender.port)
            #expect(outward.receive() == "answer")

            network.interfaces[0].addresses[0].publicAddress = ip("198.18.0.11")
            network.interfaces[1].addresses[0].publicAddress = ip("198.18.0.10")
            try await lab.fabric.apply(network)
            inward.send("two")
            outward.send(Array("two".utf8), to: host, 9)
            let fresh = try await Wire(Int32(SOCK_DGRAM.rawValue), in: guest.namespace)
            fresh.send(Array("three".utf8), to: host, 9)
            #expect(service.receiveFrom()?.1.address == ip("198.18.0.11"))
            #expect(near.receive(timeout: silence) == nil)
        }
    }

    @Test("an address moves between VPCs, in whichever order they are told", arguments: [true, false])
    func movesBetween(takenFirst: Bool) async throws {
        try await Lab.run { lab in
            var (one, two) = (open(1), open(2))
            one.add(1, "10.0.1.10", public: "198.18.0.10")
            let b = two.add(2, "10.0.1.10")
            try await lab.fabric.apply(one)
            try await lab.fabric.apply(two)
            let guest = try await lab.guest(b, of: two)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            one.interfaces[0].addresses[0].publicAddress = nil
            two.interfaces[0].addresses[0].publicAddress = ip("198.18.0.10")
            for network in takenFirst ? [one, two] : [two, one] { try await lab.fabric.apply(network) }
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(listener.accept() != nil)
        }
    }

    @Test("without an internet gateway a public address means nothing")
    func noGateway() async throws {
        try await Lab.run { lab in
            var network = open()
            network.hasInternetGateway = false
            let a = network.add(1, "10.0.1.10", public: "198.18.0.10")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            #expect(try await !reaches(ip("198.18.0.10"), 22, from: lab.host, timeout: silence))
            network.hasInternetGateway = true
            try await lab.fabric.apply(network)
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(listener.accept() != nil)
        }
    }

    @Test("a packet to an address of the pool that nobody has never leaves the host")
    func unused() async throws {
        try await Lab.run { lab in
            // An outside that would take anything, behind the host's default route.
            let outside = try await lab.outside(also: "198.18.9.9")
            var network = open()
            let a = network.add(1, "10.0.1.10", public: "198.18.0.10")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let receiver = try await Wire.server(SOCK_DGRAM, in: outside, port: 9)
            let senders = [
                try await Wire(Int32(SOCK_DGRAM.rawValue), in: guest.namespace),
                try await Wire(Int32(SOCK_DGRAM.rawValue), in: lab.host),
            ]
            for sender in senders { sender.send(Array("lost".utf8), to: ip("198.18.9.9"), 9) }
            try await lab.run("ip", "link", "del", lab.configuration.names.hostLink, in: lab.host)
            senders[1].send(Array("lost".utf8), to: ip("198.18.9.9"), 9)
            senders[1].send(Array("found".utf8), to: ip("203.0.113.1"), 9)
            // A datagram that was refused tells the next call on its socket.
            senders[1].send(Array("found".utf8), to: ip("203.0.113.1"), 9)
            #expect(receiver.receive() == "found")
        }
    }

    @Test("a pool that the host routes elsewhere is refused, and left as it is")
    func taken() async throws {
        try await Lab.run { lab in
            let outside = try await lab.outside()
            try await lab.run("ip", "route", "add", "198.18.4.0/24", "via", "203.0.113.1", in: lab.host)
            await #expect(throws: NetworkFabricErrorKind.unavailable) { try await lab.applyForKind(open()) }
            let routes = try await lab.run("ip", "route", "show", "root", "198.18.0.0/16", in: lab.host)
            #expect(routes.split(separator: "\n").count == 1)
            _ = outside
        }
    }
}
