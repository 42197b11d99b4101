// One host's node: joins a hypervisor, a volume backend, a fabric and the metadata service into what the control plane
// speaks to. Resolves ids to files and descriptors; decides nothing.

package import Backends
package import CloudTypes
package import Logging
package import NodeContract

package actor LocalNode: Node {
    package nonisolated let events: AsyncStream<NodeEvent>
    let hypervisor: any Hypervisor
    let volumes: any VolumeBackend
    let snapshots: SnapshotStore
    let moments: Moments
    let feeds: Feeds
    let log: Logger
    let fabric: any NetworkFabric
    private let metadata: any MetadataServing
    private let kernels: KernelStore
    private let facts: HostFacts
    private let told: AsyncStream<NodeEvent>.Continuation
    /// Told by the canary guest, which runs beside everything else: nobody waits for it but a launch.
    private var acceleration = "unknown"
    private var served: Set<VPCID> = []
    /// Bases that are being made for volumes to come.
    var makings: [SnapshotID: Task<Void, Never>] = [:]

    /// Finds the guests of an earlier run again.
    package static func open(
        hypervisor: any Hypervisor, volumes: any VolumeBackend, fabric: any NetworkFabric,
        metadata: any MetadataServing, kernels: KernelStore, snapshots: SnapshotStore, notesFolder: String,
        facts: HostFacts, log: Logger
    ) async throws(NodeError) -> LocalNode {
        do throws(HypervisorError) {
            _ = try await hypervisor.adopt()
        } catch {
            throw NodeError(error)
        }
        let (events, told) = AsyncStream.makeStream(of: NodeEvent.self)
        let windows = MomentWindows()
        let feeds = Feeds(volumes: volumes, store: snapshots, windows: windows, log: log) { told.yield($0) }
        let moments = Moments(
            hypervisor: hypervisor, volumes: volumes, store: snapshots,
            notes: try MomentNotes(folder: notesFolder), windows: windows, feeds: feeds
        ) { told.yield($0) }
        try await feeds.openAll()
        return LocalNode(
            hypervisor, volumes, fabric, metadata, kernels, snapshots, moments, feeds, facts, log, events, told)
    }

    private init(
        _ hypervisor: any Hypervisor, _ volumes: any VolumeBackend, _ fabric: any NetworkFabric,
        _ metadata: any MetadataServing, _ kernels: KernelStore, _ snapshots: SnapshotStore, _ moments: Moments,
        _ feeds: Feeds, _ facts: HostFacts, _ log: Logger, _ events: AsyncStream<NodeEvent>,
        _ told: AsyncStream<NodeEvent>.Continuation
    ) {
        (self.hypervisor, self.volumes, self.fabric) = (hypervisor, volumes, fabric)
        (self.metadata, self.kernels, self.facts) = (metadata, kernels, facts)
        (self.snapshots, self.moments, self.feeds, self.events) = (snapshots, moments, feeds, events)
        (self.log, self.told) = (log, told)
    }

    /// Hears what happens on the host, until it is cancelled: events are told, and what died that others need is started again.
    package func attend() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.probe() }
            group.addTask { for await event in self.hypervisor.events { self.told.yield(event) } }
            for await volume in hypervisor.unserved { group.addTask { await self.serveAgain(volume) } }
        }
    }

    /// Finds out how guests are accelerated; may boot a canary.
    private func probe() async {
        do {
            acceleration = try await hypervisor.acceleration()
        } catch {
            acceleration = "none: \(error)"
        }
    }

    package func capabilities() async -> NodeCapabilities {
        var capabilities = NodeCapabilities(
            architectures: facts.architectures, acceleration: acceleration, processorCount: facts.processorCount,
            memoryMiB: facts.memoryMiB, hotPlugSlots: hypervisor.hotPlugSlots,
            freeDiskMiB: await volumes.freeBytes() >> 20, starvedGuests: await hypervisor.starved().sorted())
        capabilities.gpus = await hypervisor.gpus()
        return capabilities
    }

    package func inventory() async throws(NodeError) -> NodeInventory {
        let present: Set<VPCID>
        do { present = try await fabric.present() } catch { throw NodeError(error) }
        for vpc in present { await serveAgain(vpc) }
        do {
            let volumes = try await volumes.volumes().subtracting(moments.outlived)
            return NodeInventory(
                guests: await hypervisor.guests(), volumes: volumes, networks: present,
                snapshots: await moments.known.union(snapshots.known()), restarts: await hypervisor.restarts())
        } catch { throw NodeError(error) }
    }

    package func apply(_ network: VPCNetwork) async throws(NodeError) {
        do throws(NetworkFabricError) {
            try await fabric.apply(network)
            try await serveMetadata(in: network.id)
        } catch { throw NodeError(error) }
    }

    /// Guests of an earlier run have their metadata again before anybody looks at their network.
    private func serveAgain(_ vpc: VPCID) async {
        do throws(NetworkFabricError) { try await serveMetadata(in: vpc) } catch {
            // Half a network of a run that was cut off: the next `apply` makes it whole, or tells why it cannot.
            return
        }
    }

    private func serveMetadata(in vpc: VPCID) async throws(NetworkFabricError) {
        guard served.insert(vpc).inserted else { return }
        do throws(NetworkFabricError) {
            let socket = try await fabric.openMetadataListener(in: vpc)
            await metadata.serve(vpc, on: socket)
        } catch {
            served.remove(vpc)
            throw error
        }
    }

    package func removeNetwork(_ vpc: VPCID) async throws(NodeError) {
        await metadata.stop(vpc)
        served.remove(vpc)
        do { try await fabric.remove(vpc) } catch { throw NodeError(error) }
    }

    package func ensureVolume(_ volume: VolumeSpec) async throws(NodeError) {
        if let snapshot = volume.snapshot { try await ensureThere(snapshot) }
        do { try await volumes.create(volume) } catch { throw NodeError(error) }
        if let snapshot = volume.snapshot, snapshot.key == nil, volume.isOfImage == true { makeBaseLater(of: snapshot) }
    }

    package func deleteVolume(_ volume: VolumeID) async throws(NodeError) {
        // What its snapshots have not stored yet is kept, and goes after the last of them.
        guard try await !moments.outlive(volume) else { return }
        try await withFile(of: [volume]) { node throws(NodeError) in
            await node.feeds.close(volume)
            do throws(VolumeBackendError) { try await node.volumes.delete(volume) } catch { throw NodeError(error) }
        }
    }

    package func growVolume(
        _ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun?
    ) async throws(NodeError) {
        guard let guest else {
            return try await withFile(of: [volume]) { node throws(NodeError) in
                do throws(VolumeBackendError) { try await node.volumes.grow(volume, toGiB: sizeGiB) } catch {
                    throw NodeError(error)
                }
            }
        }
        do { try await hypervisor.grow(volume, toGiB: sizeGiB, in: guest) } catch { throw NodeError(error) }
    }

    package func attachVolume(_ disk: GuestSpec.Disk, to guest: GuestRun) async throws(NodeError) {
        guard await !hypervisor.share(disk.volume, with: guest) else {
            let file = try await feeds.file(of: disk.volume)
            do { return try await hypervisor.attach(disk, file, holding: [], to: guest) } catch {
                throw NodeError(error)
            }
        }
        try await withFile(of: [disk.volume]) { node throws(NodeError) in
            let file = try await node.feeds.file(of: disk.volume)
            let held = try await node.moments.handOver([disk.volume], to: guest)
            do throws(HypervisorError) { try await node.hypervisor.attach(disk, file, holding: held, to: guest) } catch
            {
                throw NodeError(error)
            }
        }
    }

    package func detachVolume(
        _ volume: VolumeID, from guest: GuestRun, force: Bool
    ) async throws(NodeError) -> Bool {
        do { return try await hypervisor.detach(volume, from: guest, force: force) } catch { throw NodeError(error) }
    }

    package func limitVolume(
        _ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun
    ) async throws(NodeError) {
        do { try await hypervisor.limit(volume, to: limits, in: guest) } catch { throw NodeError(error) }
    }

    package func startGuest(_ guest: GuestSpec) async throws(NodeError) {
        if await hypervisor.guests()[guest.instance] == .running(launch: guest.launch) { return }
        let run = GuestRun(instance: guest.instance, launch: guest.launch)
        var own: [VolumeID] = []
        for disk in guest.disks where await !hypervisor.share(disk.volume, with: run) { own.append(disk.volume) }
        let volumes = own
        try await withFile(of: volumes) { node throws(NodeError) in
            let kernel = try await node.kernelFiles(of: guest)
            let disks = try await node.files(of: guest)
            let held = try await node.moments.handOver(volumes, to: run)
            let descriptors = try await node.openPorts(of: guest)
            do throws(HypervisorError) {
                try await node.hypervisor.launch(
                    GuestLaunch(
                        spec: guest, disks: disks, portDescriptors: descriptors, kernel: kernel, moments: held))
            } catch { throw NodeError(error) }
        }
    }

    package func powerDownGuest(_ instance: InstanceID) async throws(NodeError) {
        do { try await hypervisor.powerDown(instance) } catch { throw NodeError(error) }
    }

    package func killGuest(_ instance: InstanceID) async throws(NodeError) {
        do { try await hypervisor.kill(instance) } catch { throw NodeError(error) }
    }

    package func hibernateGuest(_ guest: GuestRun, sealedAs root: VolumeID) async throws(NodeError) -> Bool {
        guard let passphrase = try await feeds.file(of: root).passphrase else { return false }
        do { return try await hypervisor.hibernate(guest, sealedAs: root, with: passphrase) } catch {
            throw NodeError(error)
        }
    }

    package func dropMemory(of instance: InstanceID) async throws(NodeError) {
        do { try await hypervisor.dropMemory(of: instance) } catch { throw NodeError(error) }
    }

    package func resetGuest(_ instance: InstanceID) async throws(NodeError) {
        do { try await hypervisor.reset(instance) } catch { throw NodeError(error) }
    }

    package func rebootGuest(_ instance: InstanceID) async throws(NodeError) {
        do { try await hypervisor.sendControlAltDelete(instance) } catch { throw NodeError(error) }
    }

    package func keepInstanceStore(_ isKept: Bool, of instance: InstanceID) async throws(NodeError) {
        do { try await hypervisor.keepScratch(isKept, of: instance) } catch { throw NodeError(error) }
    }

    package func processorSeconds(of guests: [GuestRun]) async -> [InstanceID: Double] {
        await hypervisor.processorSeconds(of: guests)
    }

    package func limitProcessors(of guest: GuestRun, to processors: Double) async throws(NodeError) {
        do { try await hypervisor.limitProcessors(of: guest, to: processors) } catch { throw NodeError(error) }
    }

    package func forgetGuest(_ instance: InstanceID) async throws(NodeError) {
        do { try await hypervisor.forget(instance) } catch { throw NodeError(error) }
    }

    package func setMetadata(_ metadata: InstanceMetadata?, of instance: InstanceID) async throws(NodeError) {
        await self.metadata.set(metadata, of: instance)
    }

    package func offerKey(_ key: ConnectKey, to instance: InstanceID) async throws(NodeError) {
        try await metadata.offer(key, to: instance)
    }

    package func consoleOutput(of instance: InstanceID) async throws(NodeError) -> ConsoleOutput? {
        do { return try await hypervisor.consoleOutput(of: instance) } catch { throw NodeError(error) }
    }

    /// While it lasts nothing of ours has the volumes open but what is done here; moments that are read from them wait.
    private func withFile(
        of volumes: [VolumeID], _ use: @escaping @Sendable (LocalNode) async throws(NodeError) -> Void
    ) async throws(NodeError) {
        try await moments.lend(volumes) { [self] () throws(NodeError) in
            for volume in volumes { await feeds.halt(volume) }
            try await use(self)
        }
    }

    /// Until a shared volume that could not be served again is tried once more.
    private static let servePause = Duration.seconds(2)

    /// What served a shared volume died, and its guests wait.
    private func serveAgain(_ volume: VolumeID) async {
        while !Task.isCancelled {
            do throws(NodeError) {
                return try await withFile(of: [volume]) { node throws(NodeError) in
                    let file = try await node.feeds.file(of: volume)
                    let held = try await node.moments.handOver([volume], to: nil)
                    do throws(HypervisorError) {
                        try await node.hypervisor.serve(volume, file, holding: held)
                    } catch { throw NodeError(error) }
                }
            } catch {
                log.error("a shared volume is not served", metadata: ["volume": "\(volume)", "error": "\(error)"])
            }
            try? await Task.sleep(for: LocalNode.servePause)
        }
    }

    private func kernelFiles(of guest: GuestSpec) throws(NodeError) -> KernelFiles? {
        switch guest.boot {
        case .firmware: return nil
        case .kernel(let image, _):
            guard let files = kernels.files(of: image) else { throw .noSuchImage(image) }
            return files
        }
    }

    private func files(of guest: GuestSpec) async throws(NodeError) -> [VolumeFile] {
        var files: [VolumeFile] = []
        for disk in guest.disks {
            files.append(try await feeds.file(of: disk.volume))
        }
        return files
    }

    /// All ports, or none left open.
    private func openPorts(of guest: GuestSpec) async throws(NodeError) -> [Int32] {
        var descriptors: [Int32] = []
        for port in guest.ports {
            do {
                descriptors.append(try await fabric.openPort(port.interface, in: port.vpc))
            } catch {
                for descriptor in descriptors { Descriptors.close(descriptor) }
                throw NodeError(error)
            }
        }
        return descriptors
    }
}
