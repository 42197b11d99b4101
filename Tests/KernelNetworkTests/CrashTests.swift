// Cut off before each tool that a change starts, one after the other: the next run makes it whole.

import Backends
import CloudTypes
import HostSystem
import NodeContract
import Synchronization
import Testing

@testable import KernelNetwork

/// Lets so many tools start, and then none.
private final class Guillotine: Sendable {
    private let left: Mutex<Int>
    init(after count: Int) { left = Mutex(count) }

    func pass() throws(NetworkFabricError) {
        let isCut = left.withLock { left in
            left -= 1
            return left < 0
        }
        if isCut { throw .hostFailed("cut off") }
    }

    var hasFallen: Bool { left.withLock { $0 < 0 } }
}

@Suite("A network cut off in the middle", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct CrashTests {
    private func before() -> VPCNetwork {
        var network = VPCNetwork.sample()
        network.groups[0].ingress = [.tcp(22, from: .block(block("198.18.0.0/16")))]
        network.add(1, "10.0.1.10", public: "198.18.0.10")
        network.add(2, "10.0.2.20")
        network.interfaces[0].share = NetworkShare(baseline: 100_000_000, peak: 800_000_000)
        return network
    }

    private func after() -> VPCNetwork {
        var network = before()
        network.interfaces.remove(at: 1)
        network.interfaces[0].addresses[0].publicAddress = ip("198.18.0.11")
        network.add(3, "10.0.1.30", public: "198.18.0.10")
        network.interfaces[0].share = NetworkShare(baseline: 50_000_000, peak: 400_000_000)
        network.subnets[1].routes = []
        network.naming.hasResolver = false
        return network
    }

    /// Runs `change` on labs that differ in how many tools may start, until it comes through.
    private func atEachStep(
        _ prepare: (KernelNetwork) async throws -> Void, _ change: (KernelNetwork) async throws -> Void,
        then check: (Lab, Int) async throws -> Void
    ) async throws {
        for count in 0... {
            var isThrough = false
            try await Lab.run { lab in
                try await prepare(lab.fabric)
                let guillotine = Guillotine(after: count)
                let cut = try KernelNetwork(lab.configuration) { _ throws(NetworkFabricError) in
                    try guillotine.pass()
                }
                try? await change(cut)
                isThrough = !guillotine.hasFallen
                try await check(lab, count)
            }
            if isThrough { return }
        }
    }

    private func isReached(
        _ address: String, on interface: Int, of network: VPCNetwork, in lab: Lab
    ) async throws -> Bool {
        let guest = try await lab.guest(network.interfaces[interface], of: network)
        let listener = try await Wire.server(in: guest.namespace, port: 22)
        return try await reaches(ip(address), 22, from: lab.host) && listener.accept() != nil
    }

    @Test("while it is made is whole after the next run's apply")
    func making() async throws {
        try await atEachStep({ _ in }, { try await $0.apply(before()) }) { lab, count in
            try await lab.anotherRun().apply(before())
            #expect(try await isReached("198.18.0.10", on: 0, of: before(), in: lab), "cut off before tool \(count)")
        }
    }

    @Test("while it is changed is the changed one after the next run's apply")
    func changing() async throws {
        try await atEachStep({ try await $0.apply(before()) }, { try await $0.apply(after()) }) { lab, count in
            try await lab.anotherRun().apply(after())
            #expect(try await isReached("198.18.0.11", on: 0, of: after(), in: lab), "cut off before tool \(count)")
            #expect(try await isReached("198.18.0.10", on: 1, of: after(), in: lab), "cut off before tool \(count)")
            let links = try await lab.run("ip", "-o", "link", in: lab.inside(theID(1)))
            #expect(!links.contains(Names.port(of: theID(2))), "cut off before tool \(count)")
        }
    }

    @Test("while it is removed is gone after the next run's removal")
    func removing() async throws {
        try await atEachStep({ try await $0.apply(before()) }, { try await $0.removeEverything() }) { lab, count in
            try await lab.anotherRun().removeEverything()
            let prefix = lab.configuration.names.prefix
            let left = SmallFile.names(in: "/run/netns").filter { $0.hasPrefix(prefix) }
            #expect(left.isEmpty, "cut off before tool \(count)")
            let links = try await lab.run("ip", "-br", "link", in: lab.host)
            #expect(!links.contains(prefix), "cut off before tool \(count)")
            let routes = try await lab.run("ip", "route", "show", "table", "all", in: lab.host)
            #expect(!routes.contains("198.18"), "cut off before tool \(count)")
            #expect(SmallFile.names(in: lab.configuration.runtimePath).isEmpty, "cut off before tool \(count)")
        }
    }
}
