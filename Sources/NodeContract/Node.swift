// What control plane and node say to each other. Every verb is safe to repeat: the control plane, after a crash,
// simply says again what it wants.

package import CloudTypes

/// One host that runs guests.
package protocol Node: SnapshotBlockNode {
    func capabilities() async -> NodeCapabilities

    /// What exists on the node now: everything that a restart of the control plane must know.
    func inventory() async throws(NodeError) -> NodeInventory

    /// Makes the VPC so, in one step; returns once packets obey it.
    func apply(_ network: VPCNetwork) async throws(NodeError)
    func removeNetwork(_ vpc: VPCID) async throws(NodeError)

    /// Returns once the volume exists with its data reachable, be it of a snapshot whose moment is held and not stored yet.
    func ensureVolume(_ volume: VolumeSpec) async throws(NodeError)
    func deleteVolume(_ volume: VolumeID) async throws(NodeError)
    /// Returns once the volume has at least that size, which the guest that has it (nil: none has) sees at once.
    func growVolume(_ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun?) async throws(NodeError)

    /// Returns once the guest's machine has the disk; one that has it is left alone.
    func attachVolume(_ disk: GuestSpec.Disk, to guest: GuestRun) async throws(NodeError)
    /// Asks the guest to let go of the volume, or takes it away where forced. Returns whether the volume is free; where
    /// it is not yet, the end comes as an event, or never.
    func detachVolume(_ volume: VolumeID, from guest: GuestRun, force: Bool) async throws(NodeError) -> Bool
    /// What the volume may do in the guest from now on; nil: anything.
    func limitVolume(_ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun) async throws(NodeError)

    /// Fills a volume that was made from a snapshot with what it has not read yet, at the volume's rate. Returns whether
    /// it is filled, and needs its snapshot, which must be stored, no more; where it is not yet, the end comes as an event.
    func fillVolume(_ volume: VolumeSpec, in guest: GuestRun?) async throws(NodeError) -> Bool

    /// What the node sees of disks now.
    ///
    /// - Parameter volumes: those of which it is asked how far they are filled, and the guest that each is in.
    func observeDisks(filling volumes: [VolumeID: GuestRun?]) async -> DiskObservation

    /// Holds one moment of all the volumes: what is written after the return is in none of the snapshots, and of what a guest
    /// wrote to several of them either all is that came before, or none that came after. Moments that are all held, or stored,
    /// are left alone. All are held, or none.
    ///
    /// - Parameter guests: who has each volume open, of a shared one any that does; nobody has the others.
    func holdMoment(of snapshots: [SnapshotSpec], in guests: [VolumeID: GuestRun]) async throws(NodeError)
    /// Stores the bytes of a moment that is held, and lets go of the moment; returns once they are durable. Goes on where an
    /// earlier call was cut off. Progress comes as events.
    func storeSnapshot(_ snapshot: SnapshotSpec) async throws(NodeError) -> StoredSnapshot
    /// Nobody wants the snapshot's bytes any more: what stores or copies them fails soon. Returns at once.
    func stopStoring(_ id: SnapshotID) async
    /// Stores the same bytes again, maybe under another key, as a snapshot that needs the first no more.
    func copySnapshot(_ source: SnapshotBytes, to copy: SnapshotBytes) async throws(NodeError) -> StoredSnapshot
    /// Returns once volumes of the snapshot are whole when they are made, until `releaseSnapshot`.
    func prepareSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError)
    /// What volumes of the snapshot stand on is not kept ready any more; those that are there keep it.
    func releaseSnapshot(_ id: SnapshotID) async throws(NodeError)
    /// Takes away what there is of the snapshot: bytes, draft, moment.
    func deleteSnapshot(_ id: SnapshotID) async throws(NodeError)

    /// Returns once the guest's processors run. A guest of the same launch that runs already is left alone.
    func startGuest(_ guest: GuestSpec) async throws(NodeError)
    /// Presses the power button; the end comes as an event, or never.
    func powerDownGuest(_ instance: InstanceID) async throws(NodeError)
    /// Cuts the power; returns once the guest is gone.
    func killGuest(_ instance: InstanceID) async throws(NodeError)
    /// Saves the guest's memory, sealed as the volume is, which is its root, and switches the guest off. Returns false where
    /// the memory could not be saved: the guest runs on, and its memory is saved nowhere.
    func hibernateGuest(_ guest: GuestRun, sealedAs root: VolumeID) async throws(NodeError) -> Bool
    /// Erases what is saved of the guest's memory, if it does not run.
    func dropMemory(of instance: InstanceID) async throws(NodeError)
    /// Presses the reset button.
    func resetGuest(_ instance: InstanceID) async throws(NodeError)
    /// Asks the guest to restart by itself (Ctrl-Alt-Delete); it may not listen.
    func rebootGuest(_ instance: InstanceID) async throws(NodeError)
    /// How each of the guests is now; one that the node cannot look at is not in the answer. Takes some seconds where a
    /// guest does not answer, and delays nothing else.
    func examine(_ guests: [GuestExamination]) async throws(NodeError) -> [InstanceID: GuestHealth]
    /// Seconds that the vCPUs of each guest's launch have worked, in all; one that the node cannot look at is not there.
    func processorSeconds(of guests: [GuestRun]) async -> [InstanceID: Double]
    /// How much of the host's processors the guest may use from now on: 0.5 is half of one. A host that cannot bound it lets
    /// it run.
    func limitProcessors(of guest: GuestRun, to processors: Double) async throws(NodeError)
    /// What the guest's machine has used since it was started; nil where it does not run.
    ///
    /// - Parameter interfaces: all of its own, which are in one VPC.
    func use(
        of guest: GuestRun, at interfaces: [NetworkInterfaceID], in vpc: VPCID
    ) async throws(NodeError) -> GuestUse?
    /// Whether the instance store of a guest that runs outlives its machine, for the next launch to go on with; what was
    /// kept and no guest has is erased where not.
    func keepInstanceStore(_ isKept: Bool, of instance: InstanceID) async throws(NodeError)
    /// Removes what the node keeps of a guest that is gone for good: its console log and records.
    func forgetGuest(_ instance: InstanceID) async throws(NodeError)

    /// What the instance metadata service tells the guest from now on; nil: nothing.
    func setMetadata(_ metadata: InstanceMetadata?, of instance: InstanceID) async throws(NodeError)

    /// Tells the guest, by its metadata, of a key that is good until it expires; returns once it is told. Not kept over a
    /// restart of the node.
    func offerKey(_ key: ConnectKey, to instance: InstanceID) async throws(NodeError)

    /// What the guest's screen shows, as a JPEG file: that of its display, or of its serial console where it has none.
    ///
    /// - Parameter wakingUp: whether a key is pressed first, as a screen that sleeps shows nothing.
    func screenshot(of instance: InstanceID, wakingUp: Bool) async throws(NodeError) -> [UInt8]

    /// The end of the serial console's log, at most 64 KiB, with the time of the last byte.
    func consoleOutput(of instance: InstanceID) async throws(NodeError) -> ConsoleOutput?

    /// What happens to guests from now on. One listener.
    var events: AsyncStream<NodeEvent> { get }
}

package enum NodeError: Error, Equatable, Sendable {
    /// No such guest runs.
    case noSuchGuest(InstanceID)
    /// The node has no memory, disk or processors left for it.
    case insufficientCapacity(String)
    /// The bytes that a volume should begin with are not on the node.
    case noSuchSnapshot(SnapshotID)
    /// The moment of the snapshot was held by a guest's machine that died before the bytes were stored, or was never
    /// held: its bytes are not to be had any more.
    case momentLost(SnapshotID)
    /// A stored block is not what was stored; the text names it.
    case damagedSnapshot(SnapshotID, String)
    case noSuchImage(ImageID)
    /// What was kept of the guest's instance store is not there any more.
    case instanceStoreLost(InstanceID)
    /// A command or system call of the host failed; the text is for the log.
    case hostFailed(String)
}

package struct NodeCapabilities: Sendable, Equatable, Codable {
    package var architectures: [Architecture]
    /// `kvm` or `tcg`, found by booting a canary guest.
    package var acceleration: String
    package var processorCount: Int
    package var memoryMiB: Int
    /// Volumes that a guest can get while it runs.
    package var hotPlugSlots: Int
    /// Room on the disk that volumes and snapshots lie on; nil: there is no such disk.
    package var freeDiskMiB: Int?
    /// GPUs that guests may have for themselves, by the name that the catalogue has for them; nil: as many as anybody wants.
    package var gpus: [String: Int]?
    /// Guests that stand still until there is room on that disk again.
    package var starvedGuests: [InstanceID]?

    package init(
        architectures: [Architecture], acceleration: String, processorCount: Int, memoryMiB: Int,
        hotPlugSlots: Int = 8, freeDiskMiB: Int? = nil, starvedGuests: [InstanceID]? = nil
    ) {
        (self.freeDiskMiB, self.starvedGuests) = (freeDiskMiB, starvedGuests)
        (self.architectures, self.acceleration) = (architectures, acceleration)
        (self.processorCount, self.memoryMiB, self.hotPlugSlots) = (processorCount, memoryMiB, hotPlugSlots)
    }
}

/// What goes on in disks without a record's being changed by it.
package struct DiskObservation: Sendable, Equatable {
    /// How far volumes are filled; of others nothing is known.
    package var fillings: [VolumeID: Filling]
    /// Guests that stand still because the disk under one of their volumes is full.
    package var starvedGuests: Set<InstanceID>

    /// Blocks of 524,288 bytes of its snapshot that are not zeros, and how many of them a volume has by itself.
    package struct Filling: Sendable, Equatable {
        package var blocks: Int
        package var filled: Int
        package init(blocks: Int, filled: Int) { (self.blocks, self.filled) = (blocks, filled) }
    }

    package init(fillings: [VolumeID: Filling] = [:], starvedGuests: Set<InstanceID> = []) {
        (self.fillings, self.starvedGuests) = (fillings, starvedGuests)
    }
}

package struct NodeInventory: Sendable, Equatable {
    package var guests: [InstanceID: GuestObservation]
    package var volumes: Set<VolumeID>
    package var networks: Set<VPCID>
    /// Those with bytes, whole or in the making.
    package var snapshots: Set<SnapshotID>
    /// When each guest that runs last restarted in its present launch, be it while nobody listened.
    package var restarts: [InstanceID: Timestamp]

    package init(
        guests: [InstanceID: GuestObservation], volumes: Set<VolumeID>, networks: Set<VPCID>,
        snapshots: Set<SnapshotID> = [], restarts: [InstanceID: Timestamp] = [:]
    ) {
        (self.guests, self.volumes, self.networks) = (guests, volumes, networks)
        (self.snapshots, self.restarts) = (snapshots, restarts)
    }
}

package struct ConsoleOutput: Sendable, Equatable {
    package var bytes: [UInt8]
    package var lastWritten: Timestamp
    package init(bytes: [UInt8], lastWritten: Timestamp) { (self.bytes, self.lastWritten) = (bytes, lastWritten) }
}
