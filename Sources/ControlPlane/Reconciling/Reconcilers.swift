// All reconcilers together: which change of which record calls for which work, what the node tells, and the start.

internal import CloudTypes
internal import Logging
package import NodeContract

package final class Reconcilers: Sendable {
    private let cloud: Cloud
    private let node: any Node
    private let networks: NetworkReconciler
    private let instances: InstanceReconciler
    private let volumes: VolumeReconciler
    private let snapshots: SnapshotReconciler
    private let statuses: StatusReconciler
    private let instanceWork: KeyedWork<InstanceID>
    private let networkWork: KeyedWork<VPCID>
    private let volumeWork: KeyedWork<VolumeID>
    private let snapshotWork: KeyedWork<SnapshotID>
    private let metadataWork: KeyedWork<InstanceID>
    private let imageWork: KeyedWork<ImageID>
    private let rootTaskWork: KeyedWork<RootTaskID>
    private let fastRestoreWork: KeyedWork<String>
    private let spotWork: KeyedWork<SpotRequestID>
    private let eventWork: KeyedWork<InstanceID>
    private let statusWork: KeyedWork<String>
    private let creditWork: KeyedWork<String>

    /// - Parameters:
    ///   - idleNetworkSeconds: how long a VPC's network is kept that no interface is on any more.
    ///   - read: makes orders of what spot requests keep; the wire's words are not known here.
    package init(
        cloud: Cloud, node: any Node, patience: InstanceLifecycle.Patience = InstanceLifecycle.Patience(),
        idleNetworkSeconds: Int = 0,
        readingLaunches read: @escaping SpotLaunchReader = { _, _ throws(EC2Error) in
            throw .unsupported("This cloud launches nothing for spot requests.")
        }
    ) {
        (self.cloud, self.node) = (cloud, node)
        let networks = NetworkReconciler(cloud: cloud, node: node, idleSeconds: idleNetworkSeconds)
        let volumes = VolumeReconciler(cloud: cloud, node: node)
        let snapshots = SnapshotReconciler(cloud: cloud, node: node)
        let metadata = MetadataReconciler(cloud: cloud, node: node)
        let instances = InstanceReconciler(
            cloud: cloud, node: node, networks: networks, volumes: volumes, metadata: metadata, patience: patience)
        (self.networks, self.instances) = (networks, instances)
        (self.volumes, self.snapshots) = (volumes, snapshots)
        instanceWork = KeyedWork(time: cloud.time) { await instances.work($0) }
        networkWork = KeyedWork(time: cloud.time) { await networks.work($0) }
        volumeWork = KeyedWork(time: cloud.time) { await volumes.work($0) }
        snapshotWork = KeyedWork(time: cloud.time) { await snapshots.work($0) }
        metadataWork = KeyedWork(time: cloud.time) { await metadata.work($0) }
        let images = ImageReconciler(cloud: cloud)
        imageWork = KeyedWork(time: cloud.time) { await images.work($0) }
        let rootTasks = RootTaskReconciler(cloud: cloud)
        rootTaskWork = KeyedWork(time: cloud.time) { await rootTasks.work($0) }
        let fastRestores = FastRestoreReconciler(cloud: cloud, node: node)
        fastRestoreWork = KeyedWork(time: cloud.time) { await fastRestores.work($0) }
        let spot = SpotReconciler(cloud: cloud, reading: read)
        spotWork = KeyedWork(time: cloud.time) { await spot.work($0) }
        let events = InstanceEventReconciler(cloud: cloud)
        eventWork = KeyedWork(time: cloud.time) { await events.work($0) }
        let statuses = StatusReconciler(cloud: cloud, node: node)
        self.statuses = statuses
        statusWork = KeyedWork(time: cloud.time) { await statuses.work($0) }
        let credits = CPUCreditReconciler(cloud: cloud, node: node)
        creditWork = KeyedWork(time: cloud.time) { await credits.work($0) }
    }

    /// Looks at everything once, then at what changes, until cancelled.
    package func run() async throws(NodeError) {
        let changes = cloud.changes()
        let inventory = try await node.inventory()
        await adopt(inventory)
        await withDiscardingTaskGroup { group in
            group.addTask { await self.instanceWork.run() }
            group.addTask { await self.networkWork.run() }
            group.addTask { await self.volumeWork.run() }
            group.addTask { await self.snapshotWork.run() }
            group.addTask { await self.metadataWork.run() }
            group.addTask { await self.imageWork.run() }
            group.addTask { await self.rootTaskWork.run() }
            group.addTask { await self.fastRestoreWork.run() }
            group.addTask { await self.spotWork.run() }
            group.addTask { await self.eventWork.run() }
            group.addTask { await self.statusWork.run() }
            group.addTask { await self.creditWork.run() }
            group.addTask { await self.forgetNowAndThen() }
            group.addTask { for await event in self.node.events { await self.hear(event) } }
            for await change in changes { await route(change) }
            group.cancelAll()
        }
    }

    /// Returns when nothing is left to do but to wait for the world or a deadline.
    package func quiet() async {
        await instanceWork.quiet()
        await networkWork.quiet()
        await volumeWork.quiet()
        await snapshotWork.quiet()
        await metadataWork.quiet()
        await imageWork.quiet()
        await rootTaskWork.quiet()
        await fastRestoreWork.quiet()
        await spotWork.quiet()
        await eventWork.quiet()
        await statusWork.quiet()
        await creditWork.quiet()
    }

    private func adopt(_ inventory: NodeInventory) async {
        await networks.adopt(inventory.networks)
        for (id, observation) in inventory.guests { await instances.observe(id, observation) }
        for (id, moment) in inventory.restarts {
            await instances.noteRestart(id, at: moment)
            await statuses.noteBoot(id, at: moment)
        }
        let state = cloud.records
        await mark(Affected(by: inventory, in: state))
        await statusWork.mark(StatusReconciler.key)
        let strangers = inventory.volumes.filter { state.volumes[$0] == nil }
        if !strangers.isEmpty {
            cloud.log.warning("volumes without a record are left alone", metadata: ["count": "\(strangers.count)"])
        }
    }

    /// What is kept for a while only is looked through once a minute.
    private func forgetNowAndThen() async {
        while true {
            do {
                try await cloud.time.sleep(until: cloud.now.adding(seconds: 60))
            } catch {
                return
            }
            guard let account = cloud.records.accounts.all.first?.id else { continue }
            do {
                try await cloud.transact(as: .system(for: account)) { transaction throws(EC2Error) in
                    transaction.forgetOld()
                }
            } catch {
                cloud.log.error("old records could not be removed", metadata: ["error": "\(error.logged ?? "")"])
            }
        }
    }

    private func hear(_ event: NodeEvent) async {
        switch event {
        case .guest(let id, let observation):
            await instances.observe(id, observation)
            await instanceWork.mark(id)
        case .guestRestarted(let id):
            await instances.noteRestart(id, at: cloud.now)
            await instanceWork.mark(id)
            await statuses.noteBoot(id, at: cloud.now)
            await statusWork.mark(StatusReconciler.key)
        case .volumeDetached(let id, from: let instance):
            volumes.doubt(id, in: instance)
            await volumeWork.mark(id)
        case .volumeFilled(let id): await volumeWork.mark(id)
        case .volumeFillFailed(let id):
            volumes.putOffFilling(id)
            await volumeWork.mark(id)
        case .snapshotProgress(let id, let percent): await snapshots.note(percent, of: id)
        case .guestPanicked(let id):
            cloud.log.warning("a guest's kernel panicked", metadata: ["instance": "\(id)"])
            await statuses.notePanic(id)
            await statusWork.mark(StatusReconciler.key)
        case .guestToExamine(let id):
            await statuses.noteNews(of: id)
            await statusWork.mark(StatusReconciler.key)
        }
    }

    private func route(_ change: CloudChange) async {
        let affected = Affected(by: change)
        // Its own work may be storing it still, and would look up only afterwards.
        for id in affected.snapshots.sorted() where cloud.records.snapshots[id]?.state == .deleting {
            await node.stopStoring(id)
        }
        await mark(affected)
    }

    /// In the order of the ids, so that the same changes make the same run.
    private func mark(_ affected: Affected) async {
        for vpc in affected.vpcs.sorted() { await networkWork.mark(vpc) }
        for id in affected.doubtful { volumes.doubt(id) }
        for id in affected.volumes.sorted() { await volumeWork.mark(id) }
        for id in affected.snapshots.sorted() { await snapshotWork.mark(id) }
        for id in affected.instances.sorted() { await instanceWork.mark(id) }
        for id in affected.metadata.sorted() { await metadataWork.mark(id) }
        for id in affected.images.sorted() { await imageWork.mark(id) }
        for id in affected.rootTasks.sorted() { await rootTaskWork.mark(id) }
        for id in affected.fastRestores.sorted() { await fastRestoreWork.mark(id) }
        for id in affected.spotRequests.sorted() { await spotWork.mark(id) }
        for id in affected.events.sorted() { await eventWork.mark(id) }
        if affected.hasCreditNews { await creditWork.mark(CPUCreditReconciler.key) }
        guard !affected.booted.isEmpty else { return }
        for id in affected.booted { await statuses.noteBoot(id, at: cloud.now) }
        await statusWork.mark(StatusReconciler.key)
    }
}
