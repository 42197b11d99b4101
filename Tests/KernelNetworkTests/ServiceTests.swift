// What the VPC itself answers: addresses by DHCP, names by DNS, metadata by whoever listens.

import Backends
import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

/// The few words of DNS that these tests speak.
enum DNS {
    static func query(_ name: String) -> [UInt8] {
        let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + labels + [0, 0, 1, 0, 1]
    }

    /// An answer to `question` with one address; drops what else the question carried.
    static func answer(_ question: [UInt8], _ address: IPv4Address) -> [UInt8] {
        let end = (question[12...].firstIndex(of: 0) ?? 12) + 5
        let header = Array(question[..<2]) + [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
        return header + question[12..<end] + [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4] + address.octets
    }

    static func code(of answer: [UInt8]) -> UInt8 { answer[3] & 15 }

    /// The last four bytes, where the one address of a plain answer is.
    static func address(in answer: [UInt8]) -> IPv4Address? {
        guard answer.count > 16, answer[7] > 0 else { return nil }
        return IPv4Address(answer.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
}

@Suite("Services of a VPC on a real kernel", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct ServiceTests {
    @Test("DHCP offers an interface its own address and all that a guest has to know")
    func lease() async throws {
        try await Lab.run({ $0.portKind = .tap }) { lab in
            var network = VPCNetwork.sample()
            network.naming.timeServers = [ip("169.254.169.123")]
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.2.20"))
            try await lab.fabric.apply(network)
            for (interface, router) in [(a, "10.0.1.1"), (b, "10.0.2.1")] {
                let guest = try await TapGuest(lab, interface, in: network.id)
                let offer = try #require(guest.offer(options: [55, 7, 1, 3, 6, 15, 26, 42, 121]))
                let gateway = ip(router).octets
                #expect(offer.address == interface.addresses[0].privateAddress)
                #expect(offer.options[53] == [2] && offer.options[1] == [255, 255, 255, 0])
                #expect(offer.options[3] == gateway && offer.options[6] == [10, 0, 0, 2])
                #expect(offer.options[15] == Array("ec2.internal".utf8) && offer.options[26] == [5, 220])
                #expect(offer.options[42] == [169, 254, 169, 123])
                #expect(offer.options[121] == [0] + gateway + [32, 169, 254, 169, 254] + gateway)
                #expect(offer.options[54] == gateway)
            }
        }
    }

    @Test("an interface that comes later gets its lease too, and one that goes gets none")
    func later() async throws {
        try await Lab.run({ $0.portKind = .tap }) { lab in
            var network = VPCNetwork.sample()
            try await lab.fabric.apply(network)
            let late = network.add(1, "10.0.1.10")
            try await lab.fabric.apply(network)
            let guest = try await TapGuest(lab, late, in: network.id)
            #expect(guest.offer()?.address == ip("10.0.1.10"))
        }
    }

    @Test("an address that another interface had, and took a lease of, is the next one's at once")
    func reused() async throws {
        try await Lab.run({ $0.portKind = .tap }) { lab in
            var network = VPCNetwork.sample()
            let former = network.add(1, "10.0.1.10")
            try await lab.fabric.apply(network)
            do {
                let guest = try await TapGuest(lab, former, in: network.id)
                #expect(guest.offer()?.options[53] == [2])
                guest.sendDHCP(options: [53, 1, 3, 50, 4, 10, 0, 1, 10, 54, 4, 10, 0, 1, 1])
                #expect(guest.nextDHCP()?.options[53] == [5])
            }
            network.interfaces = []
            try await lab.fabric.apply(network)
            let next = network.add(2, "10.0.1.10")
            try await lab.fabric.apply(network)
            let guest = try await TapGuest(lab, next, in: network.id)
            #expect(guest.offer()?.address == ip("10.0.1.10"))
        }
    }

    @Test("the resolver knows the names of private addresses, and says at once which names there are not")
    func names() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            let a = network.add(1, "10.0.1.10")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let client = try await Wire(Int32(SOCK_DGRAM.rawValue), in: guest.namespace)
            for server in ["10.0.0.2", "169.254.169.253"] {
                client.send(DNS.query("ip-10-0-1-10.ec2.internal"), to: ip(server), 53)
                #expect(DNS.address(in: try #require(client.receiveFrom()).0) == ip("10.0.1.10"))
                client.send(DNS.query("example.org"), to: ip(server), 53)
                #expect(DNS.code(of: try #require(client.receiveFrom()).0) == 3)
            }
            client.send(DNS.query("i-0123456789abcdef0.ec2.internal"), to: ip("10.0.0.2"), 53)
            #expect(DNS.code(of: try #require(client.receiveFrom()).0) == 3)
            network.interfaces[0].resourceName = "i-0123456789abcdef0"
            try await lab.fabric.apply(network)
            // A resolver that is told of a change may hear the question first.
            let found = (0..<3).compactMap { _ in
                client.send(DNS.query("i-0123456789abcdef0.ec2.internal"), to: ip("10.0.0.2"), 53)
                return client.receiveFrom().flatMap { DNS.address(in: $0.0) }
            }
            #expect(found.last == ip("10.0.1.10"))
            network.naming.hasResolver = false
            try await lab.fabric.apply(network)
            client.send(DNS.query("ip-10-0-1-10.ec2.internal"), to: ip("10.0.0.2"), 53)
            #expect(client.receiveFrom(timeout: silence) == nil)
        }
    }

    @Test("a resolver that dies is started again, be it ours or of a former run")
    func deadResolver() async throws {
        try await Lab.run { lab in
            let network = VPCNetwork.sample()
            for _ in 1...2 {
                // The first one makes it, the second one finds it there.
                let run = try lab.anotherRun()
                try await run.apply(network)
                let before = try lab.resolver(of: network.id)
                try await lab.killResolver(before, of: network.id)
                #expect(try lab.resolver(of: network.id) != before)
                withExtendedLifetime(run) {}
            }
        }
    }

    @Test("a metadata listener hears the guests of its own VPC, under their addresses, whatever their groups say")
    func metadata() async throws {
        try await Lab.run { lab in
            var (one, two) = (VPCNetwork.sample(1), VPCNetwork.sample(2))
            one.groups[0].egress = []
            let (a, b) = (one.add(1, "10.0.1.10"), two.add(2, "10.0.1.10"))
            try await lab.fabric.apply(one)
            try await lab.fabric.apply(two)
            let guest = try await lab.guest(a, of: one)
            let listeners = [
                try await Wire(lab.fabric.openMetadataListener(in: one.id)),
                try await Wire(lab.fabric.openMetadataListener(in: two.id)),
            ]
            #expect(try await reaches(ip("169.254.169.254"), 80, from: guest.namespace))
            #expect(listeners[0].accept()?.1.address == ip("10.0.1.10"))
            #expect(listeners[1].accept(timeout: 0) == nil)
            _ = b
        }
    }

    @Test("a listener opens while the one of a former run is still open")
    func listenAgain() async throws {
        try await Lab.run { lab in
            try await lab.fabric.apply(.sample())
            let first = try await Wire(lab.fabric.openMetadataListener(in: theID(1)))
            let second = try await Wire(lab.anotherRun().openMetadataListener(in: theID(1)))
            _ = (first, second)
        }
    }

    @Test("what is not there is said so")
    func absent() async throws {
        try await Lab.run { lab in
            await #expect(throws: NetworkFabricError.noSuchNetwork(theID(9))) {
                try await lab.fabric.openMetadataListener(in: theID(9))
            }
            try await lab.fabric.apply(.sample())
            await #expect(throws: NetworkFabricError.noSuchInterface(theID(7))) {
                try await lab.fabric.openPort(theID(7), in: theID(1))
            }
        }
    }
}
