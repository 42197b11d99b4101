// Guests and volumes by simulation, networks by the kernel; tells how long each network took.

import CloudTypes
import Glibc
import KernelNetwork
import NodeContract
import Simulation

final class FabricNode: Node {
    private let guests = SimulatedNode()
    private let fabric: KernelNetwork
    /// Whether interfaces are held to the shares of their types: what rules cost is measured without.
    private let isShared = getenv("FABRIC_SHARES") != nil

    init(fabric: KernelNetwork) { self.fabric = fabric }

    var events: AsyncStream<NodeEvent> { guests.events }

    /// The guest runs since before this process began.
    func resume(_ instance: InstanceID, launch: Int) { guests.world.resume(instance, launch: launch) }

    func apply(_ network: VPCNetwork) async throws(NodeError) {
        var network = network
        if !isShared { for place in network.interfaces.indices { network.interfaces[place].share = nil } }
        let clock = ContinuousClock()
        let began = clock.now
        do { try await fabric.apply(network) } catch { throw .hostFailed("\(error)") }
        let spent = clock.now - began
        let milliseconds = Double(spent.components.seconds) * 1000 + Double(spent.components.attoseconds) / 1e15
        print("applied \(network.id) \(network.interfaces.count) \(milliseconds)")
        fflush(nil)
        try await guests.apply(network)
    }

    func removeNetwork(_ vpc: VPCID) async throws(NodeError) {
        do { try await fabric.remove(vpc) } catch { throw .hostFailed("\(error)") }
        try await guests.removeNetwork(vpc)
    }

    func capabilities() async -> NodeCapabilities { await guests.capabilities() }
    func inventory() async throws(NodeError) -> NodeInventory {
        var inventory = try await guests.inventory()
        do { inventory.networks = try await fabric.present() } catch { throw .hostFailed("\(error)") }
        return inventory
    }
    func ensureVolume(_ volume: VolumeSpec) async throws(NodeError) { try await guests.ensureVolume(volume) }
    func deleteVolume(_ volume: VolumeID) async throws(NodeError) { try await guests.deleteVolume(volume) }
    func growVolume(_ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun?) async throws(NodeError) {
        try await guests.growVolume(volume, toGiB: sizeGiB, in: guest)
    }
    func attachVolume(_ disk: GuestSpec.Disk, to guest: GuestRun) async throws(NodeError) {
        try await guests.attachVolume(disk, to: guest)
    }
    func detachVolume(_ volume: VolumeID, from guest: GuestRun, force: Bool) async throws(NodeError) -> Bool {
        try await guests.detachVolume(volume, from: guest, force: force)
    }
    func limitVolume(_ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun) async throws(NodeError) {
        try await guests.limitVolume(volume, to: limits, in: guest)
    }
    func fillVolume(_ volume: VolumeSpec, in guest: GuestRun?) async throws(NodeError) -> Bool {
        try await guests.fillVolume(volume, in: guest)
    }
    func observeDisks(filling volumes: [VolumeID: GuestRun?]) async -> DiskObservation {
        await guests.observeDisks(filling: volumes)
    }
    func holdMoment(of snapshots: [SnapshotSpec], in guests: [VolumeID: GuestRun]) async throws(NodeError) {
        try await self.guests.holdMoment(of: snapshots, in: guests)
    }
    func storeSnapshot(_ snapshot: SnapshotSpec) async throws(NodeError) -> StoredSnapshot {
        try await guests.storeSnapshot(snapshot)
    }
    func copySnapshot(_ source: SnapshotBytes, to copy: SnapshotBytes) async throws(NodeError) -> StoredSnapshot {
        try await guests.copySnapshot(source, to: copy)
    }
    func prepareSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) {
        try await guests.prepareSnapshot(snapshot)
    }
    func releaseSnapshot(_ id: SnapshotID) async throws(NodeError) { try await guests.releaseSnapshot(id) }
    func stopStoring(_ id: SnapshotID) async { await guests.stopStoring(id) }
    func deleteSnapshot(_ id: SnapshotID) async throws(NodeError) { try await guests.deleteSnapshot(id) }
    func beginSnapshot(_ snapshot: SnapshotBytes, sizeGiB: Int, parent: SnapshotID?) async throws(NodeError) {
        try await guests.beginSnapshot(snapshot, sizeGiB: sizeGiB, parent: parent)
    }
    func putBlock(_ bytes: [UInt8], at index: Int, of snapshot: SnapshotBytes) async throws(NodeError) {
        try await guests.putBlock(bytes, at: index, of: snapshot)
    }
    func putBlocks(of snapshot: SnapshotBytes) async throws(NodeError) -> PutBlocks {
        try await guests.putBlocks(of: snapshot)
    }
    func completeSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) -> StoredSnapshot {
        try await guests.completeSnapshot(snapshot)
    }
    func block(at index: Int, of snapshot: SnapshotBytes) async throws(NodeError) -> [UInt8] {
        try await guests.block(at: index, of: snapshot)
    }
    func blocks(of snapshot: SnapshotBytes, from index: Int, limit: Int) async throws(NodeError) -> [SnapshotBlock] {
        try await guests.blocks(of: snapshot, from: index, limit: limit)
    }
    func changedBlocks(
        from first: SnapshotBytes, to second: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [ChangedSnapshotBlock] {
        try await guests.changedBlocks(from: first, to: second, from: index, limit: limit)
    }
    func startGuest(_ guest: GuestSpec) async throws(NodeError) { try await guests.startGuest(guest) }
    func powerDownGuest(_ instance: InstanceID) async throws(NodeError) { try await guests.powerDownGuest(instance) }
    func killGuest(_ instance: InstanceID) async throws(NodeError) { try await guests.killGuest(instance) }
    func keepInstanceStore(_ isKept: Bool, of instance: InstanceID) async throws(NodeError) {
        try await guests.keepInstanceStore(isKept, of: instance)
    }
    func hibernateGuest(_ guest: GuestRun, sealedAs root: VolumeID) async throws(NodeError) -> Bool {
        try await guests.hibernateGuest(guest, sealedAs: root)
    }
    func dropMemory(of instance: InstanceID) async throws(NodeError) { try await guests.dropMemory(of: instance) }
    func resetGuest(_ instance: InstanceID) async throws(NodeError) { try await guests.resetGuest(instance) }
    func rebootGuest(_ instance: InstanceID) async throws(NodeError) { try await guests.rebootGuest(instance) }
    func use(
        of guest: GuestRun, at interfaces: [NetworkInterfaceID], in vpc: VPCID
    ) async throws(NodeError) -> GuestUse? { nil }
    func examine(_ guests: [GuestExamination]) async throws(NodeError) -> [InstanceID: GuestHealth] {
        Dictionary(guests.map { ($0.run.instance, .well) }) { $1 }
    }
    func processorSeconds(of guests: [GuestRun]) async -> [InstanceID: Double] { [:] }
    func limitProcessors(of guest: GuestRun, to processors: Double) async throws(NodeError) {}
    func forgetGuest(_ instance: InstanceID) async throws(NodeError) { try await guests.forgetGuest(instance) }
    func setMetadata(_ metadata: InstanceMetadata?, of instance: InstanceID) async throws(NodeError) {
        try await guests.setMetadata(metadata, of: instance)
    }
    func offerKey(_ key: ConnectKey, to instance: InstanceID) async throws(NodeError) {
        try await guests.offerKey(key, to: instance)
    }
    func screenshot(of instance: InstanceID, wakingUp: Bool) async throws(NodeError) -> [UInt8] {
        try await guests.screenshot(of: instance, wakingUp: wakingUp)
    }
    func consoleOutput(of instance: InstanceID) async throws(NodeError) -> ConsoleOutput? {
        try await guests.consoleOutput(of: instance)
    }
}
