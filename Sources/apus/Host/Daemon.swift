// All of Apus on one host, put together: store, records, node, reconcilers, API; and taken down in the other order.

import APIGateway
import CloudStore
import CloudTypes
import ControlPlane
import EBSAPI
import EC2API
import HTTPListener
import InstanceConnectAPI
import Logging
import NodeContract
import RecycleBinAPI
import SQLiteStore
import Simulation
import STSAPI

struct Daemon {
    struct Options: Sendable {
        var directory: StateDirectory
        var port: Int
        var region: String
        var isSimulated: Bool
        var publicPool: CIDRBlock?
        var uplink: String?
        var quotas: [QuotaOverride] = []
        /// How long a VPC's network is kept that nobody is on any more.
        var idleNetworkSeconds = 60
        var instanceStorePercent = 100
        var overcommit = Overcommit()
        var racks = 7
        /// Of a simulated host; nil: as many as anybody wants.
        var gpus: [String: Int]?
        var throttle = ThrottleOption.off
        var spotNotice = 120.0
        /// Of the simulated host; nil: as many as anyone wants.
        var simulatedProcessors: Int?
        var simulatedMemoryGiB: Int?
    }

    let options: Options
    let log: Logger

    /// Serves until `stop` ends; guests run on.
    func run(until stop: @escaping @Sendable () async -> Void, ready: @Sendable (Endpoint) -> Void) async throws {
        try options.directory.prepare()
        let reserve = options.isSimulated ? nil : DiskReserve(folder: options.directory.path)
        reserve?.tend()
        let store = try SQLiteStore(directory: options.directory.records)
        let host = try await makeHost()
        var settings = CloudSettings(region: options.region, capabilities: await host.node.capabilities())
        if let pool = options.publicPool { settings.publicPool = pool }
        settings.instanceStorePercent = options.instanceStorePercent
        (settings.overcommit, settings.racks) = (options.overcommit, options.racks)
        settings.spotNotice = options.spotNotice
        settings.prices = try options.directory.priceTable()
        for override in options.quotas { override.apply(to: &settings.quotas) }
        settings.reservedPublicAddresses = host.reservedAddresses
        let cloud = try await Cloud.open(store, settings: settings, log: log, time: SystemTime())
        try await furnish(cloud)
        host.resume(cloud.records, settings)
        let reconcilers = Reconcilers(
            cloud: cloud, node: host.node, idleNetworkSeconds: options.idleNetworkSeconds,
            readingLaunches: { parameters, transaction throws(EC2Error) in
                try LaunchOrder(parameters: parameters, in: transaction)
            })
        try await withThrowingTaskGroup { group in
            group.addTask { try await reconcilers.run() }
            if let reserve { group.addTask { await reserve.watch() } }
            if let attend = host.attend { group.addTask { await attend() } }
            let gateway = Gateway(
                cloud: cloud, node: host.node,
                services: [
                    EC2Actions.service, STSActions.service, EBSActions.service, RecycleBinActions.service,
                    InstanceConnectActions.service,
                ], throttle: options.throttle.factor.map(Throttle.init))
            let orders = OperatorService(cloud: cloud, node: host.node, images: host.images, snapshots: host.snapshots)
            let listener = try await HTTPListener.start(
                on: .address(host: "127.0.0.1", port: options.port), startsInline: true, logger: log
            ) { await gateway.answer($0) }
            let control = try await HTTPListener.start(
                on: .unixSocket(path: options.directory.operatorSocket), logger: log
            ) { await orders.answer($0) }
            let endpoint = Endpoint(
                port: listener.port, region: options.region, pid: ProcessID.own, isSimulated: options.isSimulated)
            tell(endpoint)
            ready(endpoint)
            group.addTask {
                await stop()
                throw CancellationError()
            }
            do {
                while try await group.next() != nil {}
            } catch is CancellationError {}
            await listener.shutdown()
            await control.shutdown()
            group.cancelAll()
        }
        await cloud.close()
    }

    /// Other commands read it there; that they read the last one is no reason not to serve.
    private func tell(_ endpoint: Endpoint) {
        do {
            try options.directory.write(endpoint, to: options.directory.endpoint)
        } catch {
            log.error("where Apus serves could not be written down", metadata: ["error": "\(error)"])
        }
    }

    /// What a new cloud has: the account behind `amazon`, and one for the operator with keys in a private file.
    private func furnish(_ cloud: Cloud) async throws {
        let isSimulated = options.isSimulated
        try await cloud.transact(as: .system(for: cloud.operatorAccount)) { transaction throws(EC2Error) in
            _ = transaction.ensureImageOwner()
            if isSimulated { transaction.addSimulatedImages() }
        }
        let directory = options.directory
        let kept = directory.read(Credentials.self, from: directory.credentials)
        if let kept, cloud.records.accessKeys[kept.accessKeyId] != nil { return }
        try directory.write(try await cloud.createAccount(name: "default"), to: directory.credentials)
    }

    private func makeHost() async throws -> Host {
        options.isSimulated ? simulatedHost() : try await RealHost(options: options, log: log).open()
    }

    private func simulatedHost() -> Host {
        let node = SimulatedNode(
            memoryMiB: options.simulatedMemoryGiB.map { $0 << 10 } ?? 1 << 40,
            processorCount: options.simulatedProcessors ?? 1 << 30, gpus: options.gpus)
        return Host(node: node, images: nil, reservedAddresses: []) { state, settings in
            for volume in state.volumes.all where volume.isRealised {
                node.world.resume(VolumeSpec(of: volume, in: state))
            }
            for snapshot in state.snapshots.all where snapshot.state == .completed {
                node.world.resume(snapshot.bytes, sizeGiB: snapshot.sizeGiB)
            }
            for instance in state.instances.all where [.running, .stopping].contains(instance.state) {
                if let guest = GuestSpec(of: instance, in: state, settings: settings) { node.world.resume(guest) }
            }
        }
    }
}

/// What a host brings: the node, and a place for the operator's images.
struct Host: Sendable {
    let node: any Node
    let images: (any ImageStore)?
    var snapshots: (any SnapshotKeeper)?
    let reservedAddresses: Set<IPv4Address>
    /// Called with the records before anything is reconciled.
    let resume: @Sendable (CloudState, CloudSettings) -> Void
    /// Hears what happens on the host, for as long as it serves.
    var attend: (@Sendable () async -> Void)?
}
