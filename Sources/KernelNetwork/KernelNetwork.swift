// The network of one host made of the Linux kernel alone: a namespace per VPC, an edge namespace before them.
// Nothing here stands in the path of a packet, so packets outlive us.

package import Backends
package import CloudTypes
import HostSystem
package import NodeContract

package actor KernelNetwork: NetworkFabric {
    private let configuration: Configuration
    private let tools: HostTools
    private let edge: EdgeNamespace
    private var namespaces: [VPCID: VPCNamespace] = [:]
    /// Whether the kernel can bound what interfaces carry: tried once, when first asked for.
    private var shaping: Task<Bool, Never>?
    private var upkeep: Task<Void, Never>?
    /// Seconds from one look at what interfaces carried to the next.
    private static let trafficInterval = 10.0

    /// Looks at nothing yet and changes nothing; the first `apply` does.
    ///
    /// - Throws: `unavailable` when the host's namespace cannot be opened or a tool is missing.
    package init(_ configuration: Configuration) throws(NetworkFabricError) {
        try self.init(configuration, willRun: nil)
    }

    /// - Parameter willRun: asked before each tool is started; what it throws ends the change there, as a crash would.
    init(_ configuration: Configuration, willRun: HostTools.Gate?) throws(NetworkFabricError) {
        for (tool, package) in KernelNetwork.requiredCommands where HostCommand.path(of: tool) == nil {
            throw .unavailable("\(tool) is not installed (Debian package \(package))")
        }
        let configuration = configuration.settled
        self.configuration = configuration
        do {
            let host = try NetworkNamespace.open(configuration.hostNamespacePath ?? "/proc/self/ns/net")
            tools = HostTools(host: host, willRun: willRun)
            edge = try EdgeNamespace(configuration, tools: tools)
        } catch {
            throw .unavailable("\(error)")
        }
    }

    package func apply(_ network: VPCNetwork) async throws(NetworkFabricError) {
        var network = network
        if network.interfaces.contains(where: { $0.share != nil }), await !canShape() {
            for place in network.interfaces.indices { network.interfaces[place].share = nil }
        }
        let attachment = try await edge.attach(network.id)
        try await namespace(of: network.id).apply(network, at: attachment)
        if upkeep == nil, network.interfaces.contains(where: { $0.share.map { $0.peak > $0.baseline } ?? false }) {
            upkeep = Task { [weak self] in
                while (try? await Task.sleep(for: .seconds(KernelNetwork.trafficInterval))) != nil {
                    guard let self else { return }
                    // A network that is being taken away has nothing to carry any more.
                    try? await self.lookAtTraffic(after: KernelNetwork.trafficInterval)
                }
            }
        }
    }

    deinit { upkeep?.cancel() }

    /// What the kernel cannot do to bound what interfaces carry; nil where it can.
    package static func shapingObstacle() async -> String? { await Shaping.obstacle() }

    private func canShape() async -> Bool {
        let task = shaping ?? Task { await Shaping.obstacle() == nil }
        shaping = task
        return await task.value
    }

    /// Settles what interfaces that burst carried since the last look.
    ///
    /// - Throws: the first failure, when all VPCs were looked at all the same.
    func lookAtTraffic(after seconds: Double) async throws(NetworkFabricError) {
        var failure: NetworkFabricError?
        for namespace in namespaces.values {
            do { try await namespace.lookAtTraffic(after: seconds) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    package func remove(_ vpc: VPCID) async throws(NetworkFabricError) {
        try await namespace(of: vpc).remove()
        await edge.detach(vpc)
        namespaces[vpc] = nil
    }

    package func present() async throws(NetworkFabricError) -> Set<VPCID> {
        Set(SmallFile.names(in: "/run/netns").compactMap(configuration.names.vpc(ofNamespace:)))
    }

    package func openPort(_ interface: NetworkInterfaceID, in vpc: VPCID) async throws(NetworkFabricError) -> Int32 {
        try await namespace(of: vpc).openPort(interface)
    }

    package func openMetadataListener(in vpc: VPCID) async throws(NetworkFabricError) -> Int32 {
        try await namespace(of: vpc).openMetadataListener()
    }

    package func answering(
        _ ports: [GuestExamination.Port], in vpc: VPCID
    ) async throws(NetworkFabricError) -> Set<NetworkInterfaceID> {
        guard let namespace = HostTools.openNamespace(configuration.names.namespace(of: vpc)) else {
            throw .noSuchNetwork(vpc)
        }
        return try await Neighbours.answering(ports, in: namespace)
    }

    package func traffic(
        of interfaces: [NetworkInterfaceID], in vpc: VPCID
    ) async throws(NetworkFabricError) -> Int {
        guard let namespace = HostTools.openNamespace(configuration.names.namespace(of: vpc)) else {
            throw .noSuchNetwork(vpc)
        }
        return try await Traffic.bytes(of: interfaces, in: namespace)
    }

    /// Removes every namespace, link, route, table, file and process that bears this Apus's prefix, of whatever run.
    ///
    /// - Throws: the first failure, when all else has been removed all the same.
    package func removeEverything() async throws(NetworkFabricError) {
        var failure: NetworkFabricError?
        // Also those of which only files are left.
        let known = try await present().union(SmallFile.names(in: configuration.runtimePath).compactMap { VPCID($0) })
        for vpc in known.sorted() {
            do { try await remove(vpc) } catch { failure = failure ?? error }
        }
        do { try await edge.remove() } catch { failure = failure ?? error }
        SmallFile.removeFolder(configuration.runtimePath)
        if let failure { throw failure }
    }

    private func namespace(of vpc: VPCID) throws(NetworkFabricError) -> VPCNamespace {
        if let namespace = namespaces[vpc] { return namespace }
        do {
            let made = try VPCNamespace(vpc, configuration, tools: tools)
            namespaces[vpc] = made
            return made
        } catch {
            throw .hostFailed("\(error)")
        }
    }
}
