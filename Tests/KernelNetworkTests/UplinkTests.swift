// Reaching out through a link of the host that the operator named; the outside is a namespace too.

import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("An uplink on a real kernel", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct UplinkTests {
    @Test("guests with a public address reach the outside as the host does; nobody else, and none from there")
    func out() async throws {
        try await Lab.run({ $0.uplink = "wan0" }) { lab in
            let outside = try await lab.outside()
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.anything]
            let a = network.add(1, "10.0.1.10", public: "198.18.0.10")
            let b = network.add(2, "10.0.1.20")
            try await lab.fabric.apply(network)
            let (known, unknown) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let listener = try await Wire.server(in: outside, port: 80)
            #expect(try await reaches(ip("203.0.113.1"), 80, from: known.namespace))
            #expect(listener.accept()?.1.address == ip("203.0.113.2"))
            #expect(try await !reaches(ip("203.0.113.1"), 80, from: unknown.namespace, timeout: silence))

            try await lab.run("ip", "route", "add", "198.18.0.0/16", "via", "203.0.113.2", in: outside)
            let guarded = try await Wire.server(in: known.namespace, port: 22)
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(guarded.accept() != nil)
            #expect(try await !reaches(ip("198.18.0.10"), 22, from: outside, timeout: silence))
        }
    }

    @Test("the host's forwarding is as before when all is removed, and its other links never forwarded")
    func restored() async throws {
        try await Lab.run({ $0.uplink = "wan0" }) { lab in
            _ = try await lab.outside()
            try await lab.fabric.apply(.sample())
            #expect(try await lab.forwarding() == ["default": "0", "lo": "0", "wan0": "1"])
            // A later run remembers what the first found.
            try await lab.anotherRun().removeEverything()
            #expect(try await lab.forwarding() == ["default": "0", "lo": "0", "wan0": "0"])
            #expect(try await lab.run("nft", "list", "ruleset", in: lab.host).isEmpty)
        }
    }

    @Test("an uplink that is no longer named is given back")
    func withdrawn() async throws {
        try await Lab.run({ $0.uplink = "wan0" }) { lab in
            let outside = try await lab.outside()
            var network = VPCNetwork.sample()
            let a = network.add(1, "10.0.1.10", public: "198.18.0.10")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let listener = try await Wire.server(in: outside, port: 80)
            #expect(try await reaches(ip("203.0.113.1"), 80, from: guest.namespace))
            try await lab.anotherRun { $0.uplink = nil }.apply(network)
            #expect(try await !reaches(ip("203.0.113.1"), 80, from: guest.namespace, timeout: silence))
            #expect(try await lab.forwarding()["wan0"] == "0")
            _ = listener
        }
    }

    @Test("names that the VPC does not know are asked for outside")
    func resolution() async throws {
        try await Lab.run({
            $0.uplink = "wan0"
            $0.upstreamResolvers = [ip("203.0.113.1")]
        }) { lab in
            let outside = try await lab.outside()
            var network = VPCNetwork.sample()
            let a = network.add(1, "10.0.1.10")
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(a, of: network)
            let upstream = try await Wire.server(SOCK_DGRAM, in: outside, port: 53)
            let client = try await Wire(Int32(SOCK_DGRAM.rawValue), in: guest.namespace)
            client.send(DNS.query("example.org"), to: ip("10.0.0.2"), 53)
            let (question, asker) = try #require(upstream.receiveFrom())
            #expect(asker.address == ip("203.0.113.2"))
            upstream.send(DNS.answer(question, ip("192.0.2.80")), to: asker.address, asker.port)
            let (answer, _) = try #require(client.receiveFrom())
            #expect(DNS.address(in: answer) == ip("192.0.2.80"))
        }
    }
}

extension Lab {
    /// Which of the host's links forward, our own left out.
    fileprivate func forwarding() async throws -> [String: String] {
        try await HostThread.run(inNamespace: host.number) {
            let folder = "/proc/sys/net/ipv4/conf"
            var values: [String: String] = [:]
            for link in ["default", "lo", "wan0"] {
                values[link] = SmallFile.read("\(folder)/\(link)/forwarding").map { String($0.prefix(1)) }
            }
            return values
        }
    }
}
