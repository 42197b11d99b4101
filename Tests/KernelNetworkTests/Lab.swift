// A host made of namespaces: one stands for the host, one for each guest, and none touches the real network.
// Everything is named after the process and a counter, and removed at the end.

import Backends
import CloudTypes
import Foundation
import Glibc
import HostSystem
import NodeContract
import Synchronization

@testable import KernelNetwork

/// Why the host cannot run these tests; nil when it can.
let labObstacle: String? = {
    if getuid() != 0 { return "needs root, for namespaces" }
    for (tool, package) in KernelNetwork.requiredCommands where HostCommand.path(of: tool) == nil {
        return "needs \(tool) (Debian package \(package))"
    }
    if access("/dev/net/tun", R_OK | W_OK) != 0 { return "needs /dev/net/tun" }
    return nil
}()

private let counter = Mutex(0)

/// Removes what test runs that were killed have left.
private let sweeping = Task {
    var dead: Set<String> = []
    for name in SmallFile.names(in: "/run/netns") where name.hasPrefix("apuslab-") {
        let parts = name.split(separator: "-")
        guard parts.count > 2, let pid = Int32(parts[1]), ProcessIdentity(of: pid) == nil else { continue }
        dead.insert("apuslab-\(pid)-\(parts[2])")
    }
    for name in dead.sorted() {
        if let fabric = try? KernelNetwork(Lab.configuration(name)) { try? await fabric.removeEverything() }
        for left in SmallFile.names(in: "/run/netns") where left.hasPrefix("\(name)-") {
            _ = try? await HostCommand.run(["ip", "netns", "del", left])
        }
    }
}

/// A test's own host with a fabric on it.
final class Lab: Sendable {
    let name: String
    let host: OwnedDescriptor
    let configuration: KernelNetwork.Configuration
    let fabric: KernelNetwork
    private let namespaces = Mutex<[String]>([])

    private init(name: String, host: OwnedDescriptor, configuration: KernelNetwork.Configuration) throws {
        (self.name, self.host, self.configuration) = (name, host, configuration)
        fabric = try KernelNetwork(configuration)
        namespaces.withLock { $0.append("\(name)-host") }
    }

    /// Runs `body` on a fresh host and removes every trace of it afterwards.
    static func run(
        _ adjust: (inout KernelNetwork.Configuration) -> Void = { _ in }, _ body: (Lab) async throws -> Void
    ) async throws {
        let number = counter.withLock { counter in
            counter += 1
            return counter
        }
        await sweeping.value
        let name = "apuslab-\(getpid())-\(number)"
        let host = try await Lab.makeNamespace("\(name)-host")
        var configuration = Lab.configuration(name)
        adjust(&configuration)
        let lab = try Lab(name: name, host: host, configuration: configuration)
        do {
            try await body(lab)
        } catch {
            await lab.close()
            throw error
        }
        await lab.close()
    }

    fileprivate static func configuration(_ name: String) -> KernelNetwork.Configuration {
        var configuration = KernelNetwork.Configuration(stateDirectory: "/nowhere/\(name)")
        configuration.hostNamespacePath = "/run/netns/\(name)-host"
        configuration.runtimeDirectory = "/tmp/\(name)"
        configuration.portKind = .pair
        return configuration
    }

    /// As after a restart of the program: knows nothing of what the other did.
    func anotherRun(_ adjust: (inout KernelNetwork.Configuration) -> Void = { _ in }) throws -> KernelNetwork {
        var configuration = configuration
        adjust(&configuration)
        return try KernelNetwork(configuration)
    }

    private func close() async {
        try? await fabric.removeEverything()
        for name in namespaces.withLock({ $0 }) { _ = try? await HostCommand.run(["ip", "netns", "del", name]) }
    }

    private static func makeNamespace(_ name: String) async throws -> OwnedDescriptor {
        let outcome = try await HostCommand.run(["ip", "netns", "add", name])
        guard outcome.isSuccess else { throw Failed(description: outcome.errorText) }
        let namespace = try NetworkNamespace.open("/run/netns/\(name)")
        _ = try await HostCommand.run(["ip", "link", "set", "lo", "up"], inNamespace: namespace.number)
        return namespace
    }

    func namespace(_ suffix: String) async throws -> OwnedDescriptor {
        let namespace = try await Lab.makeNamespace("\(name)-\(suffix)")
        namespaces.withLock { $0.append("\(name)-\(suffix)") }
        return namespace
    }

    struct Failed: Error, CustomStringConvertible { let description: String }

    @discardableResult
    func run(_ arguments: String..., in namespace: OwnedDescriptor) async throws -> String {
        let outcome = try await HostCommand.run(arguments, inNamespace: namespace.number)
        guard outcome.isSuccess else { throw Failed(description: "\(arguments): \(outcome.errorText)") }
        return outcome.outputText
    }

    func inside(_ vpc: VPCID) throws -> OwnedDescriptor {
        try NetworkNamespace.open("/run/netns/\(configuration.names.namespace(of: vpc))")
    }

    /// The process that answers DHCP and DNS in the VPC.
    func resolver(of vpc: VPCID) throws -> ProcessIdentity {
        let text = SmallFile.read("\(configuration.runtimePath)/\(vpc)/pid") ?? ""
        guard let pid = Int32(text.prefix { $0.isNumber }), let identity = ProcessIdentity(of: pid) else {
            throw Failed(description: "no resolver of \(vpc) runs")
        }
        return identity
    }

    /// Kills it and returns when another one has taken its place.
    func killResolver(_ process: ProcessIdentity, of vpc: VPCID) async throws {
        kill(process.pid, SIGKILL)
        let deadline = ContinuousClock.now + .seconds(60)
        while process.isRunning || (try? resolver(of: vpc)) == nil {
            guard ContinuousClock.now < deadline else { throw Failed(description: "no resolver took its place") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// A namespace that stands for the guest of an interface, configured as DHCP would.
    func guest(_ interface: VPCNetwork.Interface, of network: VPCNetwork) async throws -> Guest {
        let vpc = try inside(network.id)
        let name = "\(self.name)-\(interface.id)"
        let namespace = try await self.namespace("\(interface.id)")
        let peer = Names.peer(ofPort: Names.port(of: interface.id))
        try await run("ip", "link", "set", peer, "netns", name, in: vpc)
        try await run("ip", "link", "set", peer, "name", "eth0", "address", "\(interface.macAddress)", in: namespace)
        try await run("ip", "link", "set", "eth0", "up", in: namespace)
        let guest = Guest(lab: self, namespace: namespace, interface: interface)
        guard let subnet = network.subnets.first(where: { $0.id == interface.subnet }) else { return guest }
        for address in interface.addresses {
            let block = "\(address.privateAddress)/\(subnet.cidrBlock.prefix)"
            try await run("ip", "addr", "add", block, "dev", "eth0", in: namespace)
        }
        try await run("ip", "route", "add", "default", "via", "\(subnet.routerAddress)", in: namespace)
        // The kernel begins to send on a link a moment after it is up. The router refuses this call, which tells.
        _ = try await Wire.connect(from: namespace, to: VPCNetwork.metadataAddress, 80)
        return guest
    }
}

struct Guest {
    let lab: Lab
    let namespace: OwnedDescriptor
    let interface: VPCNetwork.Interface
    var address: IPv4Address { interface.addresses[0].privateAddress }
    var publicAddress: IPv4Address? { interface.addresses[0].publicAddress }
}

extension Lab {
    /// A namespace that plays the internet at 203.0.113.1, the host's default route, on the host's link `wan0`.
    func outside(also other: String? = nil) async throws -> OwnedDescriptor {
        let outside = try await namespace("outside")
        try await run(
            "ip", "link", "add", "wan0", "type", "veth", "peer", "name", "eth0", "netns", "\(name)-outside", in: host)
        try await run("ip", "addr", "add", "203.0.113.2/24", "dev", "wan0", in: host)
        try await run("ip", "link", "set", "wan0", "up", in: host)
        try await run("ip", "addr", "add", "203.0.113.1/24", "dev", "eth0", in: outside)
        try await run("ip", "link", "set", "eth0", "up", in: outside)
        if let other { try await run("ip", "addr", "add", "\(other)/32", "dev", "eth0", in: outside) }
        try await run("ip", "route", "add", "default", "via", "203.0.113.1", in: host)
        return outside
    }

    /// Applies, telling only the kind of a failure.
    func applyForKind(_ network: VPCNetwork) async throws {
        do {
            try await fabric.apply(network)
        } catch {
            switch error {
            case .unavailable: throw NetworkFabricErrorKind.unavailable
            case .noSuchNetwork, .noSuchInterface, .commandFailed, .hostFailed: throw NetworkFabricErrorKind.other
            }
        }
    }
}

enum NetworkFabricErrorKind: Error { case unavailable, other }
