// What `apus up` runs guests with on this host: QEMU, qcow2 files, the kernel's network, the metadata service.

import Backends
import CloudTypes
import ControlPlane
import HostSystem
import KernelNetwork
import KeyRing
import Logging
import NodeAgent
import NodeContract
import QCOW2Volumes
import QEMUHypervisor

#if canImport(Glibc)
    import Glibc
#endif

struct RealHost {
    let options: Daemon.Options
    let log: Logger

    func open() async throws -> Host {
        try check()
        let directory = options.directory
        let kernels = try KernelStore(directory: directory.kernels)
        var configuration = QEMUConfiguration(stateDirectory: directory.path)
        configuration.canaryKernel = { kernels.anyKernel }
        do throws(SystemError) { try configuration.processorGroups?.tryOut() } catch {
            // Said once; what can be bounded for none is not tried for each guest, over and over.
            log.warning("guests use what the host has of processors", metadata: ["error": "\(error)"])
            configuration.processorGroups = nil
        }
        let keys = try KeyRing(directory: directory.keys, masterKeyPath: RealHost.masterKeyPath)
        let volumes = try QCOW2Volumes(directory: directory.path, keys: keys)
        let snapshots = try SnapshotStore(directory: directory.snapshots, keys: keys, log: log)
        let node = try await LocalNode.open(
            hypervisor: try QEMUHypervisor(configuration: configuration, logger: log), volumes: volumes,
            fabric: try KernelNetwork(network),
            metadata: MetadataService(
                time: SystemTime(), identity: try await IdentitySigner(directory: directory.identity),
                keySigner: ConnectKeySigner(directory: directory.identity, region: options.region), log: log),
            kernels: kernels, snapshots: snapshots,
            notesFolder: directory.moments, facts: HostFacts.read(), log: log)
        return Host(
            node: node, images: HostImages(volumes: volumes, kernels: kernels),
            snapshots: HostSnapshots(store: snapshots, volumes: volumes),
            reservedAddresses: reservedAddresses, resume: { _, _ in }, attend: { await node.attend() })
    }

    /// The operator's own place for the key that seals all others, such as a file of a mounted secret store.
    private static var masterKeyPath: String? { getenv("APUS_MASTER_KEY_FILE").map { String(cString: $0) } }

    var network: KernelNetwork.Configuration {
        var configuration = KernelNetwork.Configuration(stateDirectory: options.directory.path)
        if let pool = options.publicPool { configuration.publicPool = pool }
        configuration.uplink = options.uplink
        return configuration
    }

    /// The pool's first addresses are the fabric's, the last is the broadcast address.
    private var reservedAddresses: Set<IPv4Address> {
        let pool = network.publicPool
        let first = (0..<KernelNetwork.Configuration.reservedPoolAddresses).map { pool.address.advanced(by: $0) }
        return Set(first + [pool.last])
    }

    private func check() throws {
        if let uplink = options.uplink, if_nametoindex(uplink) == 0 {
            throw CommandFailure(
                "There is no interface \(uplink) on this host. `ip link` lists those that --uplink can name.")
        }
        guard geteuid() == 0 else {
            throw CommandFailure(
                "Guests need root on this host. Run it as root, or try the API without guests: apus up --simulate")
        }
        let missing = HostRequirements.all.filter { HostCommand.path(of: $0.tool) == nil }
        guard missing.isEmpty else {
            let packages = Set(missing.map(\.package)).sorted().joined(separator: " ")
            throw CommandFailure(
                "Missing: \(missing.map(\.tool).joined(separator: ", ")). Install: apt-get install --no-install-recommends \(packages)"
            )
        }
    }
}

/// The tools that guests need, and the Debian package that has each.
enum HostRequirements {
    static let all: [(tool: String, package: String)] =
        KernelNetwork.requiredCommands + [
            ("qemu-system-x86_64", "qemu-system-x86"), ("qemu-img", "qemu-utils"), ("qemu-nbd", "qemu-utils"),
            ("setpriv", "util-linux"),
            ("unshare", "util-linux"), ("prlimit", "util-linux"), ("openssl", "openssl"),
        ]
}
