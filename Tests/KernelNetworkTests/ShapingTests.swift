// What interfaces may carry: credits as a value, what is done for them, and what the kernel then has.

import CloudTypes
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

/// Why the kernel of this host cannot do it; nil when it can.
private let obstacle = Task { await Shaping.obstacle() }

@Suite("The share of an interface")
struct ShapingTests {
    private let share = NetworkShare(baseline: 64_000_000, peak: 5_000_000_000)

    @Test("is its peak while it has credits, and its baseline when they are spent")
    func credits() {
        var credits = TrafficCredits(share)
        #expect(credits.look(at: 0, after: 10) == share.peak)
        let full = credits.balance
        #expect(full == Double(share.peak - share.baseline) / 8 * 1_800)
        // Half an hour at its peak.
        var carried: UInt64 = 0
        for _ in 0..<179 {
            carried += UInt64(share.peak / 8 * 10)
            #expect(credits.look(at: carried, after: 10) == share.peak)
        }
        carried += UInt64(share.peak / 8 * 10)
        #expect(credits.look(at: carried, after: 10) == share.baseline)
        // What is left of the baseline is saved: ten seconds of it may come at once.
        #expect(credits.look(at: carried, after: 10) == 2 * share.baseline)
        for _ in 0..<1_000_000 where credits.balance < full { _ = credits.look(at: carried, after: 3_600) }
        #expect(credits.balance == full)
    }

    @Test("goes on where its link is a new one, which counts anew")
    func anew() {
        var credits = TrafficCredits(share)
        _ = credits.look(at: 1_000_000, after: 10)
        let before = credits.balance
        _ = credits.look(at: 90_000_000, after: 10)
        #expect(credits.balance == before - 89_000_000 + 80_000_000)
        _ = credits.look(at: 85_000_000, after: 10)
        #expect(credits.balance == before - 89_000_000 + 80_000_000 - 5_000_000)
    }

    @Test("is laid at the port and at its funnel, laid anew where it differs, and goes with the port")
    func changes() {
        let port = "e0123456789abc"
        var (none, one, other) = (Routing(), Routing(), Routing())
        none.ports = [port]
        (one.ports, one.shares) = ([port], [port: share])
        (other.ports, other.shares) = ([port], [port: NetworkShare(baseline: 1_000_000, peak: 1_000_000)])
        let made = Shaping.change(to: one, from: Routing(), present: [port])
        #expect(made.links == ["link add i0123456789abc type ifb", "link set dev i0123456789abc up"])
        #expect(made.disciplines.count == 4 && made.removedDisciplines.isEmpty && made.removedLinks.isEmpty)
        #expect(made.disciplines[0].contains("dev e0123456789abc root handle 1: tbf rate 5000000000bit burst 6250000"))
        let funnel = "i0123456789abc00"
        #expect(!Shaping.isFunnel(funnel) && Shaping.isFunnel("i0123456789abcd"))
        let changed = Shaping.change(to: other, from: one, present: [port, "i0123456789abc"])
        #expect(
            changed.links.isEmpty
                && changed.disciplines[1].contains("dev i0123456789abc root handle 1: tbf rate 1000000bit"))
        #expect(changed.removedDisciplines == ["qdisc del dev e0123456789abc ingress"])
        #expect(Shaping.change(to: one, from: one, present: [port]) == Shaping.Change())
        let gone = Shaping.change(to: Routing(), from: one, present: ["i0123456789abcd"])
        #expect(gone.removedLinks == ["link del i0123456789abcd"])
        let free = Shaping.change(to: none, from: one, present: [port])
        #expect(free.removedDisciplines == ["qdisc del dev \(port) ingress", "qdisc del dev \(port) root"])
    }

    @Test("is read off the kernel's counters")
    func counters() {
        let text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:     100       1    0    0    0     0          0         0      200       1    0    0    0     0       0          0
             e01:  4096       3    0    0    0     0          0         0     8192       5    0    0    0     0       0          0
            """
        let counters = TrafficCounters(text)
        #expect(counters.received["e01"] == 4_096 && counters.sent["e01"] == 8_192 && counters.sent["lo"] == 200)
    }
}

@Suite("Shares on the host", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct ShapedNetworkTests {
    private func network(_ share: NetworkShare?) -> VPCNetwork {
        var network = VPCNetwork.sample()
        network.groups[0].ingress = [.tcp(22, from: .block(block("10.0.0.0/16")))]
        network.add(1, "10.0.1.10")
        network.add(2, "10.0.1.20")
        network.interfaces[0].share = share
        return network
    }

    private func disciplines(_ lab: Lab, _ network: VPCNetwork) async throws -> String {
        let namespace = try #require(HostTools.openNamespace(lab.configuration.names.namespace(of: network.id)))
        return try await lab.run("tc", "qdisc", "show", in: namespace)
    }

    @Test("are in force when the network is, change with the type, and go with the interface; packets pass")
    func life() async throws {
        guard await obstacle.value == nil else { return }
        try await Lab.run { lab in
            let wide = network(NetworkShare(baseline: 100_000_000, peak: 800_000_000))
            try await lab.fabric.apply(wide)
            var shown = try await disciplines(lab, wide)
            #expect(shown.split(separator: "\n").count { $0.contains("tbf") && $0.contains("rate 800Mbit") } == 2)
            #expect(shown.contains("qdisc ingress"))
            let (one, other) = (
                try await lab.guest(wide.interfaces[0], of: wide), try await lab.guest(wide.interfaces[1], of: wide)
            )
            let listener = try await Wire.server(in: one.namespace, port: 22)
            #expect(try await reaches(ip("10.0.1.10"), 22, from: other.namespace) && listener.accept() != nil)

            let narrow = network(NetworkShare(baseline: 50_000_000, peak: 50_000_000))
            try await lab.anotherRun().apply(narrow)
            shown = try await disciplines(lab, wide)
            #expect(
                shown.split(separator: "\n").count { $0.contains("rate 50Mbit") } == 2 && !shown.contains("800Mbit"))
            #expect(try await reaches(ip("10.0.1.10"), 22, from: other.namespace) && listener.accept() != nil)

            try await lab.anotherRun().apply(network(nil))
            shown = try await disciplines(lab, wide)
            #expect(!shown.contains("tbf") || !shown.contains("rate 50Mbit"))
        }
    }

    @Test("follow the credits when they are looked at")
    func looking() async throws {
        guard await obstacle.value == nil else { return }
        try await Lab.run { lab in
            let network = network(NetworkShare(baseline: 8_000, peak: 800_000_000))
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(network.interfaces[0], of: network)
            _ = guest
            // A look that comes after a moment so short that credits for it could pay for anything changes nothing.
            try await lab.fabric.lookAtTraffic(after: 10)
            let shown = try await disciplines(lab, network)
            #expect(shown.split(separator: "\n").count { $0.contains("rate 800Mbit") } == 2)
            // Over so long a time what was saved pays for little more than the baseline.
            try await lab.fabric.lookAtTraffic(after: 1e9)
            let held = try await disciplines(lab, network)
            #expect(!held.contains("rate 800Mbit"))
            // Another run finds what is in force, and begins with full credits.
            let next = try lab.anotherRun()
            try await next.apply(network)
            #expect(try await disciplines(lab, network) == held)
            try await next.lookAtTraffic(after: 10)
            let free = try await disciplines(lab, network)
            #expect(free.split(separator: "\n").count { $0.contains("rate 800Mbit") } == 2)
        }
    }
}
