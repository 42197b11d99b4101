// What a node needs of a hypervisor. Each verb is safe to repeat.

package import CloudTypes
package import NodeContract

/// Runs guests that outlive us.
package protocol Hypervisor: Sendable {
    /// `kvm` or `tcg`, by booting a canary guest; remembered for this boot of the host.
    func acceleration() async throws(HypervisorError) -> String
    /// Returns once the processors run. The descriptors of the ports are taken over and closed here.
    func launch(_ guest: GuestLaunch) async throws(HypervisorError)
    /// Finds guests of an earlier run of ours again and watches them; called once at start.
    func adopt() async throws(HypervisorError) -> [InstanceID: GuestObservation]
    /// What runs, or ended and was not forgotten.
    func guests() async -> [InstanceID: GuestObservation]
    /// When each guest that runs last restarted in its present launch, also while we were away.
    func restarts() async -> [InstanceID: Timestamp]
    func powerDown(_ instance: InstanceID) async throws(HypervisorError)
    func reset(_ instance: InstanceID) async throws(HypervisorError)
    func sendControlAltDelete(_ instance: InstanceID) async throws(HypervisorError)
    /// Returns once the process is gone.
    func kill(_ instance: InstanceID) async throws(HypervisorError)
    func forget(_ instance: InstanceID) async throws(HypervisorError)
    /// Disks that a guest can get while it runs.
    var hotPlugSlots: Int { get }
    /// Plugs the disk in; one that is there is left as it is.
    func attach(_ disk: GuestSpec.Disk, _ file: VolumeFile, to guest: GuestRun) async throws(HypervisorError)
    /// Asks the guest to let go of the volume, or takes it away. Returns whether nothing of ours has it open any more.
    func detach(_ volume: VolumeID, from guest: GuestRun, force: Bool) async throws(HypervisorError) -> Bool
    /// Grows the volume's file, which the guest sees at once; one of that size or more is left as it is.
    func grow(_ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun) async throws(HypervisorError)
    func limit(_ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun) async throws(HypervisorError)
    func consoleOutput(of instance: InstanceID) async throws(HypervisorError) -> ConsoleOutput?
    var events: AsyncStream<NodeEvent> { get }
}

package enum HypervisorError: Error, Equatable, Sendable {
    case noSuchGuest(InstanceID)
    /// The hypervisor is not installed or has no accelerator that works.
    case unavailable(String)
    /// The process ended before the guest ran; the text is its standard error.
    case launchFailed(InstanceID, String)
    case monitorFailed(InstanceID, String)
    case hostFailed(String)
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

    package init(spec: GuestSpec, disks: [VolumeFile], portDescriptors: [Int32], kernel: KernelFiles?) {
        (self.spec, self.disks) = (spec, disks)
        (self.portDescriptors, self.kernel) = (portDescriptors, kernel)
    }
}

package struct KernelFiles: Sendable, Equatable, Codable {
    package var kernelPath: String
    package var ramdiskPath: String?
    package init(kernelPath: String, ramdiskPath: String?) {
        (self.kernelPath, self.ramdiskPath) = (kernelPath, ramdiskPath)
    }
}
