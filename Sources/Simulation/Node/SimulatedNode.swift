// A node without a host: guests that run because the records say so, networks and volumes that are only names.
// Keeps the contract of `Node` in every verb, so that the control plane cannot tell.

package import CloudTypes
package import NodeContract
internal import Pictures
import Synchronization

/// Processors and memory of guests.
package struct SimulatedShare: Sendable, Equatable {
    package var vCPUs = 0
    package var memoryMiB = 0
}

/// What a simulated host holds; it outlives the control plane, as a real host does.
package final class SimulatedWorld: Sendable {
    struct Contents {
        var guests: [InstanceID: GuestObservation] = [:]
        var volumes: [VolumeID: VolumeSpec] = [:]
        var networks: [VPCID: VPCNetwork] = [:]
        var metadata: [InstanceID: InstanceMetadata] = [:]
        var snapshots: [SnapshotID: SimulatedSnapshot] = [:]
        var preparedSnapshots: Set<SnapshotID> = []
        /// The disks of guests that run.
        var disks = OpenDisks()
        /// Guests whose system does not let go of disks.
        var clinging: Set<InstanceID> = []
        /// Guests whose system does not listen to the power button.
        var deaf: Set<InstanceID> = []
        /// The launch whose memory is saved of each guest.
        var memories: [InstanceID: Int] = [:]
        /// Guests whose memory cannot be saved.
        var forgetful: Set<InstanceID> = []
        /// The launches that went on with a saved memory, by the launch that it was of.
        var resumptions: [InstanceID: [Int: Int]] = [:]
        /// Whether volumes cannot be filled with their snapshots, and how often each was to be.
        var fillsFail = false
        var fillings: [VolumeID: Int] = [:]
        /// What ails guests; those that are well are not there.
        var ailments: [InstanceID: GuestHealth] = [:]
        /// What processors of guests do; those that rest are not there.
        var processors: [InstanceID: SimulatedProcessors] = [:]
        /// What guests are said to have used; the others have been idle for an hour.
        var uses: [InstanceID: GuestUse] = [:]
        /// How often each launch was started: more than once is a fault of the control plane.
        var starts: [InstanceID: [Int]] = [:]
        /// When each guest restarted.
        var restarts: [InstanceID: [Timestamp]] = [:]
        /// What each guest was last given of processors and memory.
        var shares: [InstanceID: SimulatedShare] = [:]
        var peak = SimulatedShare()

        mutating func notePeak() {
            let running = guests.filter { if case .running = $0.value { true } else { false } }
            let shares = running.keys.compactMap { self.shares[$0] }
            peak.vCPUs = max(peak.vCPUs, shares.reduce(0) { $0 + $1.vCPUs })
            peak.memoryMiB = max(peak.memoryMiB, shares.reduce(0) { $0 + $1.memoryMiB })
        }
    }
    let contents = Mutex(Contents())

    package init() {}

    package var runningGuests: Set<InstanceID> {
        contents.withLock { contents in
            Set(contents.guests.filter { if case .running = $0.value { true } else { false } }.keys)
        }
    }
    /// The launch of each guest that runs.
    package var runningLaunches: [InstanceID: Int] {
        contents.withLock { contents in
            contents.guests.compactMapValues { if case .running(let launch) = $0 { launch } else { nil } }
        }
    }
    /// Guests that run, or ended and were not forgotten.
    package var knownGuests: Set<InstanceID> { contents.withLock { Set($0.guests.keys) } }
    package var volumes: Set<VolumeID> { contents.withLock { Set($0.volumes.keys) } }
    package var volumeSizes: [VolumeID: Int] { contents.withLock { $0.volumes.mapValues(\.sizeGiB) } }
    /// What each guest that runs has in its machine.
    package var disks: [InstanceID: [VolumeID: GuestSpec.Disk]] { contents.withLock { $0.disks.byGuest } }
    /// What each volume is sealed with; those in the clear are not there.
    package var volumeKeys: [VolumeID: EncryptionKeyID] { contents.withLock { $0.volumes.compactMapValues(\.key) } }
    /// As for volumes.
    package var snapshotKeys: [SnapshotID: EncryptionKeyID] {
        contents.withLock { $0.snapshots.compactMapValues(\.key) }
    }
    package var snapshots: Set<SnapshotID> { contents.withLock { Set($0.snapshots.keys) } }
    package var wholeSnapshots: Set<SnapshotID> {
        contents.withLock { Set($0.snapshots.filter { $0.value.phase == .whole }.keys) }
    }
    /// Those of which volumes are kept ready.
    package var preparedSnapshots: Set<SnapshotID> { contents.withLock { $0.preparedSnapshots } }
    package var networks: [VPCID: VPCNetwork] { contents.withLock { $0.networks } }
    package var metadata: [InstanceID: InstanceMetadata] { contents.withLock { $0.metadata } }
    /// The most that the guests had at a time.
    package var peakShare: SimulatedShare { contents.withLock { $0.peak } }
    /// The launch numbers that were booted, in order.
    package func starts(of instance: InstanceID) -> [Int] { contents.withLock { $0.starts[instance] ?? [] } }
    /// How often the guest restarted, in all its launches.
    package func restartCount(of instance: InstanceID) -> Int {
        contents.withLock { $0.restarts[instance]?.count ?? 0 }
    }
    /// The guest runs, as it did before a world that remembers nothing was left.
    package func resume(_ instance: InstanceID, launch: Int) {
        contents.withLock { $0.guests[instance] = .running(launch: launch) }
    }
    /// The guest runs with these disks, as it did before a world that remembers nothing was left.
    package func resume(_ guest: GuestSpec) {
        contents.withLock { contents in
            contents.guests[guest.instance] = .running(launch: guest.launch)
            contents.disks[guest.instance] = Dictionary(guest.disks.map { ($0.volume, $0) }) { $1 }
        }
    }
    /// The volume has its bytes, as it had.
    package func resume(_ volume: VolumeSpec) { contents.withLock { $0.volumes[volume.id] = volume } }
    /// The snapshot has its bytes, as far as a world that remembers none can give them back: zeros.
    package func resume(_ snapshot: SnapshotBytes, sizeGiB: Int) {
        contents.withLock {
            $0.snapshots[snapshot.id] = SimulatedSnapshot(phase: .whole, sizeGiB: sizeGiB, key: snapshot.key)
        }
    }
    /// The guest lets go of no disk, until its machine is switched off.
    package func makeClinging(_ instance: InstanceID) { contents.withLock { _ = $0.clinging.insert(instance) } }
    /// How the node finds the guest from now on, until its next launch.
    package func setHealth(_ health: GuestHealth, of instance: InstanceID) {
        contents.withLock { $0.ailments[instance] = health == .well ? nil : health }
    }
    /// Whether filling volumes with their snapshots fails from now on.
    package func letFillsFail(_ fail: Bool) { contents.withLock { $0.fillsFail = fail } }
    /// How often the volume was to be filled.
    package func fillings(of volume: VolumeID) -> Int { contents.withLock { $0.fillings[volume] ?? 0 } }
    /// The launch whose memory is saved of each guest.
    package var memories: [InstanceID: Int] { contents.withLock { $0.memories } }
    /// The launches of the guest that went on with a saved memory, by the launch that it was of: one alone for each.
    package func resumptions(of instance: InstanceID) -> [Int: Int] {
        contents.withLock { $0.resumptions[instance] ?? [:] }
    }
    /// The guest's memory cannot be saved.
    package func makeForgetful(_ instance: InstanceID) { contents.withLock { _ = $0.forgetful.insert(instance) } }
    package func makeDeaf(_ instance: InstanceID) { contents.withLock { _ = $0.deaf.insert(instance) } }
}

package final class SimulatedNode: Node {
    package let world: SimulatedWorld
    package let events: AsyncStream<NodeEvent>
    private let told: AsyncStream<NodeEvent>.Continuation
    private let memoryMiB: Int
    private let processorCount: Int
    private let gpus: [String: Int]?
    let time: any Timekeeper

    package init(
        on world: SimulatedWorld = SimulatedWorld(), memoryMiB: Int = 1 << 40, processorCount: Int = 1 << 30,
        gpus: [String: Int]? = nil, time: any Timekeeper = SystemTime()
    ) {
        (self.world, self.memoryMiB, self.processorCount, self.gpus, self.time) =
            (world, memoryMiB, processorCount, gpus, time)
        (events, told) = AsyncStream.makeStream()
    }

    package func capabilities() async -> NodeCapabilities {
        var capabilities = NodeCapabilities(
            architectures: [.x86_64, .arm64, .i386], acceleration: "simulated", processorCount: processorCount,
            memoryMiB: memoryMiB)
        capabilities.gpus = gpus
        return capabilities
    }

    package func inventory() async throws(NodeError) -> NodeInventory {
        world.contents.withLock { contents in
            NodeInventory(
                guests: contents.guests, volumes: Set(contents.volumes.keys), networks: Set(contents.networks.keys),
                snapshots: Set(contents.snapshots.keys), restarts: contents.restarts.compactMapValues(\.last))
        }
    }

    package func apply(_ network: VPCNetwork) async throws(NodeError) {
        world.contents.withLock { $0.networks[network.id] = network }
    }

    package func removeNetwork(_ vpc: VPCID) async throws(NodeError) {
        world.contents.withLock { $0.networks[vpc] = nil }
    }

    package func ensureVolume(_ volume: VolumeSpec) async throws(NodeError) {
        let failure: NodeError? = world.contents.withLock { contents in
            if let refusal = contents.refusal(of: volume) { return refusal }
            if contents.volumes[volume.id] == nil { contents.volumes[volume.id] = volume }
            return nil
        }
        if let failure { throw failure }
    }

    package func deleteVolume(_ volume: VolumeID) async throws(NodeError) {
        world.contents.withLock { $0.volumes[volume] = nil }
    }

    package func startGuest(_ guest: GuestSpec) async throws(NodeError) {
        let failure: NodeError? = world.contents.withLock { contents in
            if case .running(let launch) = contents.guests[guest.instance] {
                return launch == guest.launch ? nil : .hostFailed("launch \(launch) still runs")
            }
            if let missing = guest.disks.first(where: { contents.volumes[$0.volume] == nil }) {
                return .hostFailed("no volume \(missing.volume)")
            }
            if let taken = guest.disks.first(where: { !contents.disks.takes($0) }) {
                return .hostFailed("\(taken.volume) is open elsewhere")
            }
            if let missing = guest.ports.first(where: { contents.networks[$0.vpc] == nil }) {
                return .hostFailed("no network \(missing.vpc)")
            }
            contents.guests[guest.instance] = .running(launch: guest.launch)
            contents.starts[guest.instance, default: []].append(guest.launch)
            contents.shares[guest.instance] = SimulatedShare(vCPUs: guest.vCPUs, memoryMiB: guest.memoryMiB)
            contents.notePeak()
            contents.clinging.remove(guest.instance)
            contents.ailments[guest.instance] = nil
            contents.processors[guest.instance] = nil
            contents.disks[guest.instance] = Dictionary(guest.disks.map { ($0.volume, $0) }) { $1 }
            // A memory goes on once at most, and what is not gone on with is dropped.
            let memory = contents.memories.removeValue(forKey: guest.instance)
            if let memory, memory == guest.resumes {
                contents.resumptions[guest.instance, default: [:]][memory] = guest.launch
            }
            return nil
        }
        if let failure { throw failure }
        told.yield(.guest(guest.instance, .running(launch: guest.launch)))
    }

    package func powerDownGuest(_ instance: InstanceID) async throws(NodeError) {
        let listens = world.contents.withLock { !$0.deaf.contains(instance) }
        if listens { end(instance, .requested) }
    }

    package func killGuest(_ instance: InstanceID) async throws(NodeError) { end(instance, .requested) }
    package func keepInstanceStore(_ isKept: Bool, of instance: InstanceID) async throws(NodeError) {}

    package func hibernateGuest(_ guest: GuestRun, sealedAs root: VolumeID) async throws(NodeError) -> Bool {
        let isSaved: Bool? = world.contents.withLock { contents in
            switch contents.guests[guest.instance] {
            case .running(guest.launch):
                let isSealed = contents.volumes[root]?.key != nil && contents.disks[guest.instance][root] != nil
                guard isSealed, !contents.forgetful.contains(guest.instance) else { return false }
                contents.memories[guest.instance] = guest.launch
                return true
            case .ended(guest.launch, .hibernated): return true
            case .running, .ended, nil: return nil
            }
        }
        guard let isSaved else { throw .noSuchGuest(guest.instance) }
        if isSaved { end(guest.instance, .hibernated) }
        return isSaved
    }

    package func dropMemory(of instance: InstanceID) async throws(NodeError) {
        world.contents.withLock { contents in
            guard case .ended(let launch, .hibernated) = contents.guests[instance] else { return }
            contents.memories[instance] = nil
            contents.guests[instance] = .ended(launch: launch, .requested)
        }
    }

    package func resetGuest(_ instance: InstanceID) async throws(NodeError) { restart(instance) }
    package func rebootGuest(_ instance: InstanceID) async throws(NodeError) {
        let listens = world.contents.withLock { !$0.deaf.contains(instance) }
        if listens { restart(instance) }
    }

    private func restart(_ instance: InstanceID) {
        let isRunning = world.contents.withLock { contents in
            guard case .running = contents.guests[instance] else { return false }
            contents.restarts[instance, default: []].append(time.now)
            return true
        }
        if isRunning { told.yield(.guestRestarted(instance)) }
    }

    package func examine(_ guests: [GuestExamination]) async throws(NodeError) -> [InstanceID: GuestHealth] {
        world.contents.withLock { contents in
            let found = guests.filter { contents.guests[$0.run.instance] == .running(launch: $0.run.launch) }
                .map { ($0.run.instance, contents.ailments[$0.run.instance] ?? .well) }
            return Dictionary(found) { $1 }
        }
    }

    package func use(
        of guest: GuestRun, at interfaces: [NetworkInterfaceID], in vpc: VPCID
    ) async throws(NodeError) -> GuestUse? {
        world.contents.withLock { contents in
            guard contents.guests[guest.instance] == .running(launch: guest.launch) else { return nil }
            return contents.uses[guest.instance] ?? GuestUse(seconds: 3_600, processorSeconds: 0, memoryMiB: 0)
        }
    }

    /// What the guest is said to have used from now on.
    package func setUse(_ use: GuestUse, of instance: InstanceID) {
        world.contents.withLock { $0.uses[instance] = use }
    }

    package func forgetGuest(_ instance: InstanceID) async throws(NodeError) {
        world.contents.withLock { ($0.guests[instance], $0.memories[instance]) = (nil, nil) }
    }

    package func setMetadata(_ metadata: InstanceMetadata?, of instance: InstanceID) async throws(NodeError) {
        world.contents.withLock { $0.metadata[instance] = metadata }
    }

    package func offerKey(_ key: ConnectKey, to instance: InstanceID) async throws(NodeError) {
        guard isRunning(instance) else { throw .noSuchGuest(instance) }
    }

    package func screenshot(of instance: InstanceID, wakingUp: Bool) async throws(NodeError) -> [UInt8] {
        guard isRunning(instance) else { throw .noSuchGuest(instance) }
        return TextScreen(Array("\(instance) is simulated.\r\n".utf8)).picture.jpeg
    }

    private func isRunning(_ instance: InstanceID) -> Bool {
        world.contents.withLock { contents in
            if case .running = contents.guests[instance] { true } else { false }
        }
    }

    package func consoleOutput(of instance: InstanceID) async throws(NodeError) -> ConsoleOutput? { nil }

    func tell(_ event: NodeEvent) { told.yield(event) }

    /// The node finds the guest so from now on, until its next launch.
    package func setHealth(_ health: GuestHealth, of instance: InstanceID) {
        world.setHealth(health, of: instance)
        told.yield(.guestToExamine(instance))
    }

    /// The guest ends as the world would have it: its system powers off, or its process dies.
    package func end(_ instance: InstanceID, _ end: GuestEnd) {
        let observation: GuestObservation? = world.contents.withLock { contents in
            guard case .running(let launch) = contents.guests[instance] else { return nil }
            contents.guests[instance] = .ended(launch: launch, end)
            contents.disks[instance] = [:]
            return contents.guests[instance]
        }
        if let observation { told.yield(.guest(instance, observation)) }
    }
}
