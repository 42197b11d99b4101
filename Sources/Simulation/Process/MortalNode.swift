// A simulated node as a process sees it that may be killed at any call: what it asks for afterwards does not happen.

package import CloudTypes
package import NodeContract

package final class MortalNode: Node {
    /// How long the way takes to the node, back, or for an event to be heard.
    package enum Delay: Sendable {
        /// As many others get their turn first.
        case turns(Int)
        case seconds(Double)
    }

    private let node: SimulatedNode
    private let life: Lifeline
    private let time: any Timekeeper
    private let delay: @Sendable () -> Delay
    package let events: AsyncStream<NodeEvent>
    private let heard: AsyncStream<NodeEvent>.Continuation

    package init(
        _ node: SimulatedNode, _ life: Lifeline, time: any Timekeeper,
        delay: @escaping @Sendable () -> Delay = { .turns(1) }
    ) {
        (self.node, self.life, self.time, self.delay) = (node, life, time, delay)
        (events, heard) = AsyncStream.makeStream()
    }

    /// Brings the node's events to who listens, in their order, until cancelled.
    package func run() async {
        for await event in node.events {
            await pass()
            heard.yield(event)
        }
    }

    package func capabilities() async -> NodeCapabilities { await node.capabilities() }

    package func inventory() async throws(NodeError) -> NodeInventory {
        try await take(.inventory) { () throws(NodeError) in }
        return try await node.inventory()
    }

    package func observeDisks(filling volumes: [VolumeID: GuestRun?]) async -> DiskObservation {
        await node.observeDisks(filling: volumes)
    }

    package func apply(_ network: VPCNetwork) async throws(NodeError) {
        try await take(.apply) { () throws(NodeError) in try await node.apply(network) }
    }

    package func removeNetwork(_ vpc: VPCID) async throws(NodeError) {
        try await take(.removeNetwork) { () throws(NodeError) in try await node.removeNetwork(vpc) }
    }

    package func ensureVolume(_ volume: VolumeSpec) async throws(NodeError) {
        try await take(.ensureVolume) { () throws(NodeError) in try await node.ensureVolume(volume) }
    }

    package func deleteVolume(_ volume: VolumeID) async throws(NodeError) {
        try await take(.deleteVolume) { () throws(NodeError) in try await node.deleteVolume(volume) }
    }

    package func growVolume(
        _ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun?
    ) async throws(NodeError) {
        try await take(.growVolume) { () throws(NodeError) in
            try await node.growVolume(volume, toGiB: sizeGiB, in: guest)
        }
    }

    package func attachVolume(_ disk: GuestSpec.Disk, to guest: GuestRun) async throws(NodeError) {
        try await take(.attachVolume) { () throws(NodeError) in try await node.attachVolume(disk, to: guest) }
    }

    package func detachVolume(
        _ volume: VolumeID, from guest: GuestRun, force: Bool
    ) async throws(NodeError) -> Bool {
        var isGone = false
        try await take(.detachVolume) { () throws(NodeError) in
            isGone = try await node.detachVolume(volume, from: guest, force: force)
        }
        return isGone
    }

    package func limitVolume(
        _ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun
    ) async throws(NodeError) {
        try await take(.limitVolume) { () throws(NodeError) in
            try await node.limitVolume(volume, to: limits, in: guest)
        }
    }

    package func fillVolume(_ volume: VolumeSpec, in guest: GuestRun?) async throws(NodeError) -> Bool {
        var isFilled = false
        try await take(.fillVolume) { () throws(NodeError) in
            isFilled = try await node.fillVolume(volume, in: guest)
        }
        return isFilled
    }

    package func holdMoment(
        of snapshots: [SnapshotSpec], in guests: [VolumeID: GuestRun]
    ) async throws(NodeError) {
        try await take(.holdMoment) { () throws(NodeError) in try await node.holdMoment(of: snapshots, in: guests) }
    }

    package func storeSnapshot(_ snapshot: SnapshotSpec) async throws(NodeError) -> StoredSnapshot {
        var stored = StoredSnapshot(fullBytes: 0)
        try await take(.storeSnapshot) { () throws(NodeError) in stored = try await node.storeSnapshot(snapshot) }
        return stored
    }

    package func stopStoring(_ id: SnapshotID) async { await node.stopStoring(id) }

    package func prepareSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) {
        try await take(.prepareSnapshot) { () throws(NodeError) in try await node.prepareSnapshot(snapshot) }
    }

    package func releaseSnapshot(_ id: SnapshotID) async throws(NodeError) {
        try await take(.releaseSnapshot) { () throws(NodeError) in try await node.releaseSnapshot(id) }
    }

    package func copySnapshot(_ source: SnapshotBytes, to copy: SnapshotBytes) async throws(NodeError) -> StoredSnapshot
    {
        var stored = StoredSnapshot(fullBytes: 0)
        try await take(.copySnapshot) { () throws(NodeError) in
            stored = try await node.copySnapshot(source, to: copy)
        }
        return stored
    }

    package func deleteSnapshot(_ id: SnapshotID) async throws(NodeError) {
        try await take(.deleteSnapshot) { () throws(NodeError) in try await node.deleteSnapshot(id) }
    }

    package func beginSnapshot(
        _ snapshot: SnapshotBytes, sizeGiB: Int, parent: SnapshotID?
    ) async throws(NodeError) {
        try await take(.beginSnapshot) { () throws(NodeError) in
            try await node.beginSnapshot(snapshot, sizeGiB: sizeGiB, parent: parent)
        }
    }

    package func putBlock(
        _ bytes: [UInt8], at index: Int, of snapshot: SnapshotBytes
    ) async throws(NodeError) {
        try await take(.putBlock) { () throws(NodeError) in try await node.putBlock(bytes, at: index, of: snapshot) }
    }

    package func completeSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) -> StoredSnapshot {
        var stored = StoredSnapshot(fullBytes: 0)
        try await take(.completeSnapshot) { () throws(NodeError) in stored = try await node.completeSnapshot(snapshot) }
        return stored
    }

    package func putBlocks(of snapshot: SnapshotBytes) async throws(NodeError) -> PutBlocks {
        try await node.putBlocks(of: snapshot)
    }

    package func block(at index: Int, of snapshot: SnapshotBytes) async throws(NodeError) -> [UInt8] {
        try await node.block(at: index, of: snapshot)
    }

    package func blocks(
        of snapshot: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [SnapshotBlock] {
        try await node.blocks(of: snapshot, from: index, limit: limit)
    }

    package func changedBlocks(
        from first: SnapshotBytes, to second: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [ChangedSnapshotBlock] {
        try await node.changedBlocks(from: first, to: second, from: index, limit: limit)
    }

    package func startGuest(_ guest: GuestSpec) async throws(NodeError) {
        try await take(.startGuest) { () throws(NodeError) in try await node.startGuest(guest) }
    }

    package func powerDownGuest(_ instance: InstanceID) async throws(NodeError) {
        try await take(.powerDownGuest) { () throws(NodeError) in try await node.powerDownGuest(instance) }
    }

    package func killGuest(_ instance: InstanceID) async throws(NodeError) {
        try await take(.killGuest) { () throws(NodeError) in try await node.killGuest(instance) }
    }

    package func keepInstanceStore(_ isKept: Bool, of instance: InstanceID) async throws(NodeError) {
        try await node.keepInstanceStore(isKept, of: instance)
    }

    package func hibernateGuest(_ guest: GuestRun, sealedAs root: VolumeID) async throws(NodeError) -> Bool {
        var isSaved = false
        try await take(.hibernateGuest) { () throws(NodeError) in
            isSaved = try await node.hibernateGuest(guest, sealedAs: root)
        }
        return isSaved
    }

    package func dropMemory(of instance: InstanceID) async throws(NodeError) {
        try await take(.dropMemory) { () throws(NodeError) in try await node.dropMemory(of: instance) }
    }

    package func resetGuest(_ instance: InstanceID) async throws(NodeError) {
        try await take(.resetGuest) { () throws(NodeError) in try await node.resetGuest(instance) }
    }

    package func rebootGuest(_ instance: InstanceID) async throws(NodeError) {
        try await take(.rebootGuest) { () throws(NodeError) in try await node.rebootGuest(instance) }
    }

    package func examine(_ guests: [GuestExamination]) async throws(NodeError) -> [InstanceID: GuestHealth] {
        try await node.examine(guests)
    }

    package func processorSeconds(of guests: [GuestRun]) async -> [InstanceID: Double] {
        await node.processorSeconds(of: guests)
    }

    package func limitProcessors(of guest: GuestRun, to processors: Double) async throws(NodeError) {
        try await take(.limitProcessors) { () throws(NodeError) in
            try await node.limitProcessors(of: guest, to: processors)
        }
    }

    package func use(
        of guest: GuestRun, at interfaces: [NetworkInterfaceID], in vpc: VPCID
    ) async throws(NodeError) -> GuestUse? { try await node.use(of: guest, at: interfaces, in: vpc) }

    package func forgetGuest(_ instance: InstanceID) async throws(NodeError) {
        try await take(.forgetGuest) { () throws(NodeError) in try await node.forgetGuest(instance) }
    }

    package func setMetadata(_ metadata: InstanceMetadata?, of instance: InstanceID) async throws(NodeError) {
        try await take(.setMetadata) { () throws(NodeError) in try await node.setMetadata(metadata, of: instance) }
    }

    package func offerKey(_ key: ConnectKey, to instance: InstanceID) async throws(NodeError) {
        try await node.offerKey(key, to: instance)
    }

    package func screenshot(of instance: InstanceID, wakingUp: Bool) async throws(NodeError) -> [UInt8] {
        try await node.screenshot(of: instance, wakingUp: wakingUp)
    }

    package func consoleOutput(of instance: InstanceID) async throws(NodeError) -> ConsoleOutput? {
        try await node.consoleOutput(of: instance)
    }

    /// Time passes on the way to the node and on the way back: others may act meanwhile, and the process may end.
    private func take(_ verb: NodeVerb, _ act: () async throws(NodeError) -> Void) async throws(NodeError) {
        await pass()
        let fate = life.enter(.verb(verb))
        let error: NodeError?
        switch fate {
        case .proceed, .refuse:
            try await act()
            error = nil
        case .die(.before): throw MortalNode.killed
        case .die(.after):
            try? await act()
            life.end()
            error = MortalNode.killed
        case .fail(let failure, .before): error = failure
        case .fail(let failure, .after):
            try await act()
            error = failure
        }
        await pass()
        if let error { throw error }
        if life.isOver { throw MortalNode.killed }
    }

    private func pass() async {
        switch delay() {
        case .turns(let count): for _ in 0..<count { await Task.yield() }
        case .seconds(let seconds): try? await time.sleep(until: time.now.adding(seconds: seconds))
        }
    }

    private static let killed = NodeError.hostFailed("the calling process was killed")
}
