// What a node needs of a hypervisor. Each verb is safe to repeat.

package import CloudTypes
package import NodeContract

/// Runs guests that outlive us.
package protocol Hypervisor: Sendable {
    /// `kvm` or `tcg`, by booting a canary guest; remembered for this boot of the host.
    func acceleration() async throws(HypervisorError) -> String
    /// GPUs of the host that guests may have for themselves, by name.
    func gpus() async -> [String: Int]
    /// Returns once the processors run. The descriptors of the ports are taken over and closed here.
    func launch(_ guest: GuestLaunch) async throws(HypervisorError)
    /// Finds guests of an earlier run of ours again and watches them; called once at start.
    func adopt() async throws(HypervisorError) -> [InstanceID: GuestObservation]
    /// What runs, or ended and was not forgotten.
    func guests() async -> [InstanceID: GuestObservation]
    /// When each guest that runs last restarted in its present launch, also while we were away.
    func restarts() async -> [InstanceID: Timestamp]
    /// Guests that stand still because the disk under a volume is full. They go on by themselves once it is not.
    func starved() async -> Set<InstanceID>
    /// How the guest's machine and its disks are; whether its system answers is not the hypervisor's to know.
    func examine(_ guest: GuestRun) async -> MachineHealth
    /// Seconds that the vCPUs of each guest have worked; one that does not run is not there.
    func processorSeconds(of guests: [GuestRun]) async -> [InstanceID: Double]
    /// How much of the host's processors the guest may use; where the host cannot bound it, the guest runs on.
    func limitProcessors(of guest: GuestRun, to processors: Double) async throws(HypervisorError)
    /// What the guest's machine has used since it was started, but for its interfaces; nil where it does not run.
    func use(of guest: GuestRun) async -> GuestUse?
    func powerDown(_ instance: InstanceID) async throws(HypervisorError)
    func reset(_ instance: InstanceID) async throws(HypervisorError)
    func sendControlAltDelete(_ instance: InstanceID) async throws(HypervisorError)
    /// Returns once the process is gone.
    func kill(_ instance: InstanceID) async throws(HypervisorError)
    /// Saves the guest's memory in a file that the passphrase of its root opens, and ends the guest. Returns false where it
    /// could not be saved: the guest runs on.
    func hibernate(
        _ guest: GuestRun, sealedAs root: VolumeID, with passphrase: VolumePassphrase
    ) async throws(HypervisorError) -> Bool
    /// Erases what is saved of the memory of a guest that does not run.
    func dropMemory(of instance: InstanceID) async throws(HypervisorError)
    /// Whether the guest's instance store outlives its process, for a next launch to go on with, which fails where it is
    /// lost all the same.
    func keepScratch(_ isKept: Bool, of instance: InstanceID) async throws(HypervisorError)
    func forget(_ instance: InstanceID) async throws(HypervisorError)
    /// Disks that a guest can get while it runs.
    var hotPlugSlots: Int { get }
    /// Plugs the disk in, holding its moments from before the guest can write; one that is there is left as it is.
    func attach(
        _ disk: GuestSpec.Disk, _ file: VolumeFile, holding moments: [GuestMoment], to guest: GuestRun
    ) async throws(HypervisorError)
    /// Asks the guest to let go of the volume, or takes it away. Returns whether nothing of ours has it open any more.
    func detach(_ volume: VolumeID, from guest: GuestRun, force: Bool) async throws(HypervisorError) -> Bool
    /// Grows the volume's file, which the guest sees at once; one of that size or more is left as it is.
    func grow(_ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun) async throws(HypervisorError)
    func limit(_ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun) async throws(HypervisorError)
    /// Reads into a volume that has a feed what it has not of it, beside the guest; waits for a moment of the volume to be
    /// let go of. Returns whether it has all; where it has not yet, an event tells when to ask again.
    ///
    /// - Parameter rate: bytes a second.
    func fill(_ volume: VolumeID, at rate: Int, in guest: GuestRun) async throws(HypervisorError) -> Bool
    /// Volumes whose guests wait, since what served it to them died: `serve` is to be asked for.
    var unserved: AsyncStream<VolumeID> { get }
    /// Whether a shared volume is served to guests, and so will be to this one too: who serves it has its file for himself.
    func share(_ volume: VolumeID, with guest: GuestRun) async -> Bool
    /// Serves a shared volume again to the guests that have it, holding its moments from before they can write; one that is
    /// served, or that no guest has, is left alone.
    func serve(
        _ volume: VolumeID, _ file: VolumeFile, holding moments: [GuestMoment]
    ) async throws(HypervisorError)
    /// Up to which byte a volume is filled from the beginning; nil where it is not being filled.
    func fillPosition(of volume: VolumeID, in guest: GuestRun) async throws(HypervisorError) -> Int?
    /// Holds one moment of the volumes, as each guest that has several of them sees it: from now on what is overwritten is
    /// kept in the moments' files, which the hypervisor opens. All are held, or none.
    ///
    /// - Parameter guests: who has each volume; of a shared one any that does.
    func hold(_ moments: [GuestMoment], in guests: [VolumeID: GuestRun]) async throws(HypervisorError)
    /// Whether the machine that had the volume open for that launch of the guest runs: the guest's own, or the one that
    /// serves a shared volume.
    func isOpen(_ volume: VolumeID, for guest: GuestRun) async -> Bool
    /// Whether that machine holds the moment now.
    func holds(
        _ snapshot: SnapshotID, of volume: VolumeID, in guest: GuestRun
    ) async throws(HypervisorError) -> Bool
    /// Where the volume's bytes of that moment can be read, by NBD.
    ///
    /// - Parameter parent: the moment since which changes are wanted.
    func read(
        _ moment: GuestMoment, changedSince parent: SnapshotID?, in guest: GuestRun
    ) async throws(HypervisorError) -> MomentSource
    /// Lets go of the moment, and of what is known of changes of its volume save since the snapshots named (nil: of
    /// nothing); done where the guest knows of none. Returns whether the guest has the volume.
    func letGo(
        of moment: GuestMoment, keepingChangesSince kept: Set<SnapshotID>?, in guest: GuestRun
    ) async throws(HypervisorError) -> Bool
    /// What the guest's display shows, as a binary portable pixmap; nil: it has none.
    ///
    /// - Parameter wakingUp: whether a key is pressed first.
    func screen(of instance: InstanceID, wakingUp: Bool) async throws(HypervisorError) -> [UInt8]?
    func consoleOutput(of instance: InstanceID) async throws(HypervisorError) -> ConsoleOutput?
    var events: AsyncStream<NodeEvent> { get }
}

package enum HypervisorError: Error, Equatable, Sendable {
    case noSuchGuest(InstanceID)
    /// The hypervisor is not installed or has no accelerator that works.
    case unavailable(String)
    /// What the guest should have for itself others have.
    case noGPU(InstanceID)
    /// The process ended before the guest ran; the text is its standard error.
    case launchFailed(InstanceID, String)
    /// The guest was to go on with its instance store, which is not kept any more.
    case instanceStoreLost(InstanceID)
    case monitorFailed(InstanceID, String)
    case hostFailed(String)
}

package struct MachineHealth: Sendable, Equatable {
    /// Its monitor answers, and its processors may run.
    package var isThere: Bool
    /// No disk waits for room, and none failed of late.
    package var hasDisks: Bool
    package init(isThere: Bool, hasDisks: Bool) { (self.isThere, self.hasDisks) = (isThere, hasDisks) }
}

/// A guest with every id resolved to a file or descriptor of this host.
package struct GuestLaunch: Sendable {
    package var spec: GuestSpec
    /// In the order of `spec.disks`.
    package var disks: [VolumeFile]
    /// In the order of `spec.ports`: open tap descriptors with virtio headers.
    package var portDescriptors: [Int32]
    /// For direct kernel boot.
    package var kernel: KernelFiles?
    /// Of its disks, held from before the processors run.
    package var moments: [GuestMoment]

    package init(
        spec: GuestSpec, disks: [VolumeFile], portDescriptors: [Int32], kernel: KernelFiles?,
        moments: [GuestMoment] = []
    ) {
        (self.spec, self.disks, self.moments) = (spec, disks, moments)
        (self.portDescriptors, self.kernel) = (portDescriptors, kernel)
    }
}

/// A moment of one of a guest's volumes.
package struct GuestMoment: Sendable, Equatable {
    package var snapshot: SnapshotID
    package var volume: VolumeID
    /// qcow2 files, opened by what opens the volume: what earlier holders kept, the oldest first, and one of the volume's
    /// size that is empty when the guest begins to hold the moment.
    package var files: [String]
    /// Whether what changes from now on is told apart. Not where it was held before the guest had the volume, whose own file
    /// tells that, nor where nobody will ask.
    package var marksChanges: Bool
    package init(snapshot: SnapshotID, volume: VolumeID, files: [String] = [], marksChanges: Bool = true) {
        (self.snapshot, self.volume, self.files, self.marksChanges) = (snapshot, volume, files, marksChanges)
    }
}

/// An NBD export of a moment.
package struct MomentSource: Sendable, Equatable {
    package var socketPath: String
    package var export: String
    /// The context that tells what changed since the moment that was asked about; nil: that is not known.
    package var changes: String?
    package init(socketPath: String, export: String, changes: String?) {
        (self.socketPath, self.export, self.changes) = (socketPath, export, changes)
    }
}

package struct KernelFiles: Sendable, Equatable, Codable {
    package var kernelPath: String
    package var ramdiskPath: String?
    package init(kernelPath: String, ramdiskPath: String?) {
        (self.kernelPath, self.ramdiskPath) = (kernelPath, ramdiskPath)
    }
}
