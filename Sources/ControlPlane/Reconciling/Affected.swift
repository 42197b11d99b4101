// What a change of records calls for: told from what differs, so that a tag or a state that somebody observed sets
// nothing in motion. Pure.

internal import CloudStore
internal import CloudTypes
internal import NodeContract

/// The guests, metadata, networks and volumes that have to be looked at again.
struct Affected {
    private(set) var instances: Set<InstanceID> = []
    private(set) var metadata: Set<InstanceID> = []
    /// Guests that begin to boot, and so are to be looked at until they answer.
    private(set) var booted: Set<InstanceID> = []
    private(set) var vpcs: Set<VPCID> = []
    private(set) var volumes: Set<VolumeID> = []
    private(set) var snapshots: Set<SnapshotID> = []
    private(set) var images: Set<ImageID> = []
    private(set) var rootTasks: Set<RootTaskID> = []
    private(set) var fastRestores: Set<String> = []
    private(set) var spotRequests: Set<SpotRequestID> = []
    /// Instances whose scheduled events have to be looked at.
    private(set) var events: Set<InstanceID> = []
    /// Volumes that guests which run should have and may not: nobody watched for a while.
    private(set) var doubtful: Set<VolumeID> = []
    /// Whether a burstable instance begins, ends or changes.
    private(set) var hasCreditNews = false
    private let before: CloudState
    private let after: CloudState

    init(by change: CloudChange) {
        (before, after) = (change.before, change.after)
        for key in change.keys { note(key) }
    }

    /// At the start: all that the node has, and all that the records want of it.
    init(by inventory: NodeInventory, in state: CloudState) {
        (before, after) = (state, state)
        vpcs = inventory.networks.union(state.networkInterfaces.all.map(\.vpc))
        doubtful = Set(state.volumes.all.filter { $0.wasPlugged(in: state) }.map(\.id))
        volumes = doubtful.union(state.volumes.all.filter { !$0.isSettled }.map(\.id))
        // Those of no record too: their bytes are to go.
        snapshots = Set(inventory.snapshots.filter { state.snapshots[$0] == nil })
        snapshots.formUnion(state.snapshots.all.filter { !$0.isSettled }.map(\.id))
        images = Set(state.images.all.filter { $0.state == .pending }.map(\.id))
        rootTasks = Set(state.rootTasks.all.filter { !$0.state.isFinal }.map(\.id))
        fastRestores = Set(state.fastRestores.all.filter { $0.state != .disabled }.map(\.id))
        spotRequests = Set(state.spotRequests.all.map(\.id))
        events = Set(state.instances.all.filter { $0.events != nil }.map(\.id))
        instances = Set(inventory.guests.keys).union(state.instances.all.map(\.id))
        metadata = instances
        hasCreditNews = !state.cpuCredits.all.isEmpty
    }

    private mutating func note(_ key: RecordKey) {
        switch key.kind {
        case InstanceRecord.kind: if let id = InstanceID(key.id) { noteInstance(id) }
        case VolumeRecord.kind: if let id = VolumeID(key.id) { noteVolume(id) }
        case SnapshotRecord.kind: if let id = SnapshotID(key.id) { noteSnapshot(id) }
        case ImageRecord.kind: if let id = ImageID(key.id), after.images[id]?.state == .pending { images.insert(id) }
        case SpotRequestRecord.kind: if let id = SpotRequestID(key.id) { spotRequests.insert(id) }
        case FastRestoreRecord.kind: noteFastRestore(key.id)
        case RootTaskRecord.kind: if let id = RootTaskID(key.id) { noteRootTask(id) }
        case NetworkInterfaceRecord.kind: if let id = NetworkInterfaceID(key.id) { noteInterface(id) }
        case AddressRecord.kind: if let id = AllocationID(key.id) { noteAddress(id) }
        case CapacityReservationRecord.kind: if let id = CapacityReservationID(key.id) { noteReservation(id) }
        case SecurityGroupRecord.kind: if let id = SecurityGroupID(key.id) { noteGroup(id) }
        case SubnetRecord.kind:
            if let id = SubnetID(key.id), let subnet = after.subnets[id] ?? before.subnets[id] {
                vpcs.insert(subnet.vpc)
            }
        case RouteTableRecord.kind:
            if let id = RouteTableID(key.id), let table = after.routeTables[id] ?? before.routeTables[id] {
                vpcs.insert(table.vpc)
            }
        case InternetGatewayRecord.kind: if let id = InternetGatewayID(key.id) { noteGateway(id) }
        case DHCPOptionsRecord.kind: noteNetworks()
        case VPCRecord.kind: if let vpc = VPCID(key.id) { noteVPC(vpc) }
        default: break
        }
    }

    private mutating func noteInstance(_ id: InstanceID) {
        guard let old = before.instances[id], let new = after.instances[id] else {
            instances.insert(id)
            metadata.insert(id)
            if (after.instances[id] ?? before.instances[id])?.creditSpecification != nil { hasCreditNews = true }
            if let vpc = (after.instances[id] ?? before.instances[id])?.vpc { vpcs.insert(vpc) }
            return
        }
        if old.tags != new.tags, new.metadataOptions.showsTags { metadata.insert(id) }
        var untagged = old
        (untagged.tags, untagged.reading) = (new.tags, new.reading)
        guard untagged != new else { return }
        instances.insert(id)
        metadata.insert(id)
        if old.state.isOnNetwork != new.state.isOnNetwork || !old.isNamed(like: new) { vpcs.insert(new.vpc) }
        if old.events != new.events { events.insert(id) }
        if old.earningTerms != new.earningTerms || old.earningTerms != nil && old.runs(unlike: new) {
            hasCreditNews = true
        }
        if let spot = new.spot { spotRequests.insert(spot.request) }
        // Its room may be what a spot request waits for, also where it moves into a slot that was free.
        if old.weight != new.weight || old.coveredWeight != new.coveredWeight { noteRoom() }
        guard old.state != new.state || old.pause != new.pause else { return }
        if new.state == .running, new.pause == nil { booted.insert(id) }
        // What waited for the guest to come or go.
        for volume in after.volumes.all(where: IndexKey(.instance, id)) where !volume.isSettled {
            volumes.insert(volume.id)
        }
        for volume in after.volumes.all(where: IndexKey(.instance, id)) { noteSnapshots(of: volume.id) }
        images.formUnion(after.images.ids(where: IndexKey(.instance, id)))
        noteRootTasks(of: id)
    }

    /// Its slots may be what a spot request waits for.
    private mutating func noteReservation(_ id: CapacityReservationID) {
        if before.capacityReservations[id]?.weight != after.capacityReservations[id]?.weight { noteRoom() }
    }

    private mutating func noteRoom() {
        spotRequests.formUnion(after.spotRequests.ids(where: SpotRequestRecord.openKey))
    }

    /// The disks of a launch are its instance's affair until the instance runs.
    private mutating func noteVolume(_ id: VolumeID) {
        let (old, new) = (before.volumes[id], after.volumes[id])
        if let task = (new ?? old)?.rootTask { rootTasks.insert(task) }
        if old?.attachments != new?.attachments {
            metadata.formUnion(((old?.attachments ?? []) + (new?.attachments ?? [])).map(\.instance))
        }
        if let snapshot = old?.snapshot, old?.needsSnapshot == true, new?.needsSnapshot != true {
            snapshots.insert(snapshot)
        }
        if old?.attachments != new?.attachments || old?.isRealised != new?.isRealised { noteSnapshots(of: id) }
        guard let new, new.state != .creating || new.attachments.isEmpty else { return }
        guard var old else { return _ = volumes.insert(id) }
        (old.tags, old.reading) = (new.tags, new.reading)
        if old != new { volumes.insert(id) }
    }

    /// What waited for this one is looked at too: the next of its volume, its companions, what it is a copy of.
    private mutating func noteSnapshot(_ id: SnapshotID) {
        let (old, new) = (before.snapshots[id], after.snapshots[id])
        if old?.state != new?.state || old?.isPublic != new?.isPublic || old?.sharedWith != new?.sharedWith {
            fastRestores.formUnion(after.fastRestores.ids(where: IndexKey(.snapshot, id)))
        }
        guard old?.state != new?.state || old?.isMomentHeld != new?.isMomentHeld || old?.origin != new?.origin else {
            return
        }
        if let new, !new.isSettled { snapshots.insert(id) }
        if let volume = (new ?? old)?.volume {
            noteSnapshots(of: volume)
            if after.volumes[volume]?.state == .deleting { volumes.insert(volume) }
        }
        for image in after.images.all(where: IndexKey(.snapshot, id)) where image.state == .pending {
            images.insert(image.id)
        }
        if case .copy(let source) = old?.origin, after.snapshots[source]?.state == .deleting {
            snapshots.insert(source)
        }
        if let read = old?.reads, after.snapshots[read]?.state == .deleting { snapshots.insert(read) }
        if let copy = (new ?? old)?.copy { noteCopy(copy, of: (new ?? old)?.volume) }
        for companion in new?.companions ?? [] where after.snapshots[companion]?.state == .pending {
            snapshots.insert(companion)
        }
    }

    /// What waited for the moment of a copy: the copy, and guests of either that were not to have both.
    private mutating func noteCopy(_ copy: VolumeID, of source: VolumeID?) {
        for volume in [copy, source].compactMap({ $0 }).compactMap({ after.volumes[$0] }) {
            volumes.insert(volume.id)
            for instance in volume.attachments.map(\.instance) {
                instances.insert(instance)
                for other in after.volumes.all(where: IndexKey(.instance, instance)) where !other.isSettled {
                    volumes.insert(other.id)
                }
            }
        }
    }

    private mutating func noteFastRestore(_ id: String) {
        guard before.fastRestores[id]?.state != after.fastRestores[id]?.state else { return }
        fastRestores.insert(id)
        // A snapshot that is deleted waits until it is kept ready no more.
        if let snapshot = after.fastRestores[id]?.snapshot, after.snapshots[snapshot]?.state == .deleting {
            snapshots.insert(snapshot)
        }
    }

    private mutating func noteRootTask(_ id: RootTaskID) {
        guard let task = after.rootTasks[id], !task.state.isFinal else { return }
        rootTasks.insert(id)
    }

    private mutating func noteRootTasks(of instance: InstanceID) {
        for task in after.rootTasks.all(where: IndexKey(.instance, instance)) where !task.state.isFinal {
            rootTasks.insert(task.id)
        }
    }

    /// Those of the volume that are on their way.
    private mutating func noteSnapshots(of volume: VolumeID) {
        for snapshot in after.snapshots.all(where: IndexKey(.volume, volume)) where snapshot.state == .pending {
            snapshots.insert(snapshot.id)
        }
    }

    private mutating func noteInterface(_ id: NetworkInterfaceID) {
        let (old, new) = (before.networkInterfaces[id], after.networkInterfaces[id])
        guard old?.asSeenByOthers != new?.asSeenByOthers else { return }
        for interface in [old, new].compactMap({ $0 }) {
            vpcs.insert(interface.vpc)
            if let instance = interface.attachment?.instance { metadata.insert(instance) }
        }
    }

    private mutating func noteAddress(_ id: AllocationID) {
        let associations = [before.addresses[id]?.association, after.addresses[id]?.association]
        guard associations[0] != associations[1] else { return }
        for case let association? in associations {
            for state in [before, after] {
                guard let interface = state.networkInterfaces[association.interface] else { continue }
                vpcs.insert(interface.vpc)
                if let instance = interface.attachment?.instance { metadata.insert(instance) }
            }
        }
    }

    private mutating func noteGroup(_ id: SecurityGroupID) {
        // One that goes has no member and is named by no rule: no network knows it.
        guard let new = after.securityGroups[id] else { return }
        if before.securityGroups[id]?.rules != new.rules { vpcs.insert(new.vpc) }
        guard before.securityGroups[id]?.name != new.name else { return }
        let members = after.networkInterfaces.allVersioned(where: IndexKey(.group, id))
        metadata.formUnion(members.compactMap { $0.record.attachment?.instance })
    }

    private mutating func noteGateway(_ id: InternetGatewayID) {
        let (old, new) = (before.internetGateways[id]?.vpc, after.internetGateways[id]?.vpc)
        guard old != new else { return }
        for vpc in [old, new].compactMap({ $0 }) { vpcs.insert(vpc) }
    }

    private mutating func noteVPC(_ id: VPCID) {
        vpcs.insert(id)
        guard before.vpcs[id]?.enableDNSHostnames != after.vpcs[id]?.enableDNSHostnames else { return }
        let interfaces = after.networkInterfaces.allVersioned(where: IndexKey(.vpc, id))
        metadata.formUnion(interfaces.compactMap { $0.record.attachment?.instance })
    }

    private mutating func noteNetworks() {
        vpcs.formUnion(after.vpcs.all.map(\.id))
    }
}

extension InstanceRecord {
    /// Whether its guest comes, goes or is another one.
    fileprivate func runs(unlike other: InstanceRecord) -> Bool {
        state != other.state || pause != other.pause || launch != other.launch
    }
}

extension InstanceState {
    /// Whether a guest is, or is about to be, at the instance's interfaces.
    var isOnNetwork: Bool {
        switch self {
        case .pending, .running, .stopping, .shuttingDown: true
        case .stopped, .terminated: false
        }
    }
}

extension VolumeRecord {
    /// Whether a guest that runs got it, or was asked to let go of it, while it ran.
    fileprivate func wasPlugged(in state: CloudState) -> Bool {
        attachments.contains { attachment in
            guard let instance = state.instances[attachment.instance], instance.state == .running else { return false }
            return attachment.deviceName != instance.rootDeviceName
        }
    }
}

extension NetworkInterfaceRecord {
    /// Without what only a Describe shows.
    fileprivate var asSeenByOthers: NetworkInterfaceRecord {
        var bare = self
        (bare.tags, bare.description) = ([:], "")
        bare.attachment?.status = ""
        return bare
    }
}
