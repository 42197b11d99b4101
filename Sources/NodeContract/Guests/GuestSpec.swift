// What a guest should be: the control plane says it in ids, the node finds the files and ports for them.

package import CloudTypes

/// Processor architectures as EC2 names them.
package enum Architecture: String, Sendable, Codable, CaseIterable {
    case i386, x86_64, arm64
    case x86_64Mac = "x86_64_mac"
    case arm64Mac = "arm64_mac"
}

/// One launch of an instance: what the node has to boot.
package struct GuestSpec: Sendable, Equatable, Codable {
    package var instance: InstanceID
    /// Counts the starts of the instance, from 1: a guest of an older launch is never mistaken for this one.
    package var launch: Int
    package var instanceType: String
    package var architecture: Architecture
    package var vCPUs: Int
    /// nil: one.
    package var threadsPerCore: Int?
    package var memoryMiB: Int
    package var boot: Boot
    /// The root first.
    package var disks: [Disk]
    /// The instance store: disks that begin empty and end with this launch's machine, unless they are kept.
    package var scratch: [Scratch] = []
    /// Whether it goes on with the instance store that was kept of the launch before.
    package var keepsScratch: Bool?
    /// The launch whose saved memory it goes on with, where the node has that still; nil: it boots, and what is saved is
    /// dropped.
    package var resumes: Int?
    /// By device index; the first is the primary one.
    package var ports: [Port]
    /// GPUs that it has for itself, by name; nil: none.
    package var gpus: [String: Int]?
    /// What all disks together may do; nil: anything.
    package var diskLimits: DiskLimits?

    package init(
        instance: InstanceID, launch: Int, instanceType: String, architecture: Architecture, vCPUs: Int,
        memoryMiB: Int, boot: Boot, disks: [Disk], ports: [Port]
    ) {
        (self.instance, self.launch, self.instanceType) = (instance, launch, instanceType)
        (self.architecture, self.vCPUs, self.memoryMiB) = (architecture, vCPUs, memoryMiB)
        (self.boot, self.disks, self.ports) = (boot, disks, ports)
    }

    package enum Boot: Sendable, Equatable, Codable {
        /// The kernel and ramdisk that the image carries.
        case kernel(image: ImageID, arguments: String)
        /// Firmware, then the disk's own boot loader.
        case firmware(FirmwareKind)
    }

    package enum FirmwareKind: String, Sendable, Codable { case bios, uefi }

    package struct Disk: Sendable, Equatable, Codable {
        package var volume: VolumeID
        /// As the caller named it: `/dev/xvda`, `/dev/sdf`.
        package var deviceName: String
        /// nil: none. Those of a shared one hold for all of its guests together.
        package var limits: DiskLimits?
        /// Whether other guests may have it too; nil: no.
        package var isShared: Bool?
        package init(volume: VolumeID, deviceName: String, limits: DiskLimits? = nil, isShared: Bool? = nil) {
            (self.volume, self.deviceName, self.limits, self.isShared) = (volume, deviceName, limits, isShared)
        }
    }

    package struct Scratch: Sendable, Equatable, Codable {
        /// Its place among the type's: that of `ephemeral0` is 0.
        package var index: Int
        package var bytes: Int
        /// Whether the guest sees an NVMe device, else a plain disk.
        package var isNVMe: Bool
        package init(index: Int, bytes: Int, isNVMe: Bool) {
            (self.index, self.bytes, self.isNVMe) = (index, bytes, isNVMe)
        }
    }

    package struct Port: Sendable, Equatable, Codable {
        package var interface: NetworkInterfaceID
        package var vpc: VPCID
        package var macAddress: MACAddress
        package init(interface: NetworkInterfaceID, vpc: VPCID, macAddress: MACAddress) {
            (self.interface, self.vpc, self.macAddress) = (interface, vpc, macAddress)
        }
    }
}

/// One launch of an instance: what is asked of it never reaches an older or a newer guest.
package struct GuestRun: Hashable, Sendable {
    package var instance: InstanceID
    package var launch: Int
    package init(instance: InstanceID, launch: Int) { (self.instance, self.launch) = (instance, launch) }
}

/// Why a guest is no longer there.
package enum GuestEnd: String, Sendable, Codable, Equatable {
    /// The guest's own system powered off.
    case guestShutdown
    /// We asked for it: power cut or the end of a power-down that we began.
    case requested
    /// We asked for it, and its memory is saved for a launch to come.
    case hibernated
    /// The process died without being asked to.
    case died
}

/// What the node saw of a guest.
package enum GuestObservation: Sendable, Equatable {
    case running(launch: Int)
    case ended(launch: Int, GuestEnd)
}

package enum NodeEvent: Sendable, Equatable {
    case guest(InstanceID, GuestObservation)
    /// The guest restarted, by itself or by the reset button; its process lives on.
    case guestRestarted(InstanceID)
    /// The guest's kernel told of a panic.
    case guestPanicked(InstanceID)
    /// How the guest is may have changed: it is worth a look.
    case guestToExamine(InstanceID)
    /// The guest let go of the volume, asked or not; its file is closed.
    case volumeDetached(VolumeID, from: InstanceID)
    /// The volume is filled, or its filling came to an end and is to be asked for again.
    case volumeFilled(VolumeID)
    /// The filling of the volume failed; it is to be asked for again in a while.
    case volumeFillFailed(VolumeID)
    /// How much of a snapshot is stored, 0 to 99.
    case snapshotProgress(SnapshotID, percent: Int)
}
