// AMIs as the store keeps them.

package import CloudTypes
package import NodeContract

package struct ImageRecord: TaggedRecord {
    package static let kind = "image"
    package static let table: TablePath<Self> = \.images

    package var id: ImageID
    package var account: AccountID
    package var name: String
    package var description: String?
    package var architecture: Architecture
    package var createdAt: Timestamp
    package var state: State = .available
    package var isPublic = false
    /// Accounts that may launch it besides the owner.
    package var launchPermissions: Set<AccountID> = []
    package var rootDeviceName: String
    package var rootDeviceType: RootDeviceType = .ebs
    package var blockDevices: [BlockDevice] = []
    package var boot: Boot = .firmware
    /// `windows` or nil.
    package var platform: String?
    package var platformDetails = "Linux/UNIX"
    package var usageOperation = "RunInstances"
    package var imageLocation: String
    package var bootMode: String?
    package var enaSupport = true
    package var sriovNetSupport: String?
    package var imdsSupport: String?
    package var tpmSupport: String?
    package var virtualizationType = "hvm"
    package var hypervisor = "xen"
    package var kernelID: String?
    package var ramdiskID: String?
    package var deprecationTime: Timestamp?
    package var deregistrationProtection = false
    /// Whether protection that is taken away holds for another day; nil: it does not.
    package var protectionCoolsDown: Bool?
    /// Until when protection holds that was taken away.
    package var protectedUntil: Timestamp?
    package var lastLaunchedAt: Timestamp?
    /// Its time in the recycle bin, while it is there.
    package var binStay: BinStay?
    package var tags: [String: String] = [:]
    /// The instance that it was made of.
    package var sourceInstance: InstanceID?
    /// Whether that instance's guest is off until the disks' moment is held, while the image is pending.
    package var pausesInstance: Bool?
    /// The image that it is a copy of, and the region of that one.
    package var sourceImage: ImageID?
    package var sourceRegion: String?
    /// The image that brought the kernel and ramdisk that it boots; nil: itself.
    package var kernelImage: ImageID?
    /// Why it failed.
    package var failure: String?

    package enum State: String, Sendable, Codable { case pending, available, failed, disabled, deregistered }
    package enum RootDeviceType: String, Sendable, Codable { case ebs, instanceStore = "instance-store" }

    package enum Boot: Sendable, Codable, Equatable {
        case firmware
        /// The image brings kernel and ramdisk; the text is the kernel's command line.
        case kernel(arguments: String)
    }

    package struct BlockDevice: Sendable, Codable, Equatable {
        package var deviceName: String
        /// nil where `virtualName` or `noDevice` says it all.
        package var ebs: EBS?
        /// `ephemeral0`…`ephemeral23`
        package var virtualName: String?
        package init(deviceName: String, ebs: EBS? = nil, virtualName: String? = nil) {
            (self.deviceName, self.ebs, self.virtualName) = (deviceName, ebs, virtualName)
        }
    }

    package struct EBS: Sendable, Codable, Equatable {
        package var snapshot: SnapshotID?
        package var sizeGiB: Int
        package var volumeType: String
        package var iops: Int?
        package var throughput: Int?
        package var deleteOnTermination: Bool
        /// Of a mapping without snapshot: whether its volumes are to be encrypted, with the launching account's key.
        package var isEncrypted: Bool
        package init(
            snapshot: SnapshotID?, sizeGiB: Int, volumeType: String = "gp3", deleteOnTermination: Bool = true,
            isEncrypted: Bool = false
        ) {
            (self.snapshot, self.sizeGiB, self.volumeType) = (snapshot, sizeGiB, volumeType)
            (self.deleteOnTermination, self.isEncrypted) = (deleteOnTermination, isEncrypted)
        }
    }

    package func isProtected(at now: Timestamp) -> Bool {
        deregistrationProtection || protectedUntil.map { $0 > now } ?? false
    }

    package init(
        id: ImageID, account: AccountID, name: String, architecture: Architecture, createdAt: Timestamp,
        rootDeviceName: String
    ) {
        (self.id, self.account, self.name, self.architecture) = (id, account, name, architecture)
        (self.createdAt, self.rootDeviceName) = (createdAt, rootDeviceName)
        imageLocation = "\(account)/\(name)"
    }

    /// An image that is deregistered is kept for its instances alone: it stands in nobody's way.
    package var indexKeys: [IndexKey] {
        guard state != .deregistered else { return [] }
        var keys = blockDevices.compactMap { $0.ebs?.snapshot.map { IndexKey(.snapshot, $0) } }
        keys.append(IndexKey(.name, text: name))
        if let sourceInstance, state == .pending { keys.append(IndexKey(.instance, sourceInstance)) }
        return keys
    }
}
