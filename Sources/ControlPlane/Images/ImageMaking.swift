// Images of instances, and copies of images.
// Source: EC2 API Reference, "CreateImage", "CopyImage"; EC2 User Guide, "Create an Amazon EBS-backed AMI".

package import CloudTypes
internal import NodeContract

/// What a new image of an instance should be, every text parsed.
package struct ImageOrder: Sendable {
    package var instance: InstanceID
    package var name: String
    package var description: String?
    /// Whether a guest that runs is shut down for it and booted again.
    package var reboots = true
    package var devices: [ImageDeviceWish] = []
    package var tags: [String: String] = [:]
    package var snapshotTags: [String: String] = [:]
    package init(instance: InstanceID, name: String) { (self.instance, self.name) = (instance, name) }
}

/// What a caller says of one device of an image that is made of an instance.
package struct ImageDeviceWish: Sendable {
    package var deviceName: String
    package var isAbsent = false
    /// `ephemeral0`…`ephemeral23`
    package var virtualName: String?
    package var snapshot: SnapshotID?
    package var sizeGiB: Int?
    package var volumeType: String?
    package var iops: Int?
    package var throughput: Int?
    package var deleteOnTermination: Bool?
    /// As the caller said it; nil: not at all.
    package var isEncrypted: Bool?
    package init(deviceName: String) { self.deviceName = deviceName }
}

/// What a copy of an image should be, every text parsed.
package struct ImageCopyOrder: Sendable {
    package var source: ImageID
    package var name: String
    package var description: String?
    package var tags: [String: String] = [:]
    package var snapshotTags: [String: String] = [:]
    /// Whether the source's tags come along, where the caller owns it.
    package var copiesTags = false
    package var completionMinutes: Int?
    package var encryption = EncryptionWish()
    package init(source: ImageID, name: String) { (self.source, self.name) = (source, name) }
}

extension Transaction {
    /// Accepts an image of the instance and the snapshots of its volumes, which share one moment.
    ///
    /// - Throws: `InvalidInstanceID.NotFound`, `IncorrectState`, `InvalidAMIName.…`, `InvalidBlockDeviceMapping`,
    ///   `UnsupportedOperation`, and as `createSnapshots`.
    package mutating func createImage(_ order: ImageOrder) throws(EC2Error) -> ImageRecord {
        let instance: InstanceRecord = try owned(order.instance)
        try checkImageName(order.name)
        let source = try imageSource(of: instance)
        let volumes = state.volumes.all(where: IndexKey(.instance, instance.id))
        let plan = try ImageDevices(of: instance, volumes, wishes: order.devices)
        var image = ImageRecord(
            id: newID(), account: account, name: order.name, architecture: instance.architecture, createdAt: now,
            rootDeviceName: instance.rootDeviceName)
        image.inherit(from: source)
        (image.description, image.tags, image.state) = (order.description, order.tags, .pending)
        image.sourceInstance = instance.id
        image.blockDevices = try plan.added.map { (device) throws(EC2Error) in
            var device = device
            if let ebs = device.ebs { device.ebs = try checked(ebs) }
            return device
        }
        var orders: [SnapshotOrder] = []
        for kept in plan.kept {
            var snapshot = SnapshotOrder(volume: kept.volume.id)
            snapshot.description = "Created by CreateImage(\(instance.id)) for \(image.id)"
            snapshot.tags = order.snapshotTags
            orders.append(snapshot)
        }
        let snapshots = try createSnapshots(orders)
        let devices = zip(plan.kept, snapshots).map { $0.device(over: $1) }
        image.blockDevices = devices + image.blockDevices
        if instance.state == .running, order.reboots {
            image.pausesInstance = true
            pause(instance.id)
        }
        put(image)
        return image
    }

    /// Accepts a copy, owned by the caller, of an image whose snapshots the caller may use.
    ///
    /// - Throws: `InvalidAMIID.NotFound`, `InvalidAMIID.Unavailable`, `InvalidAMIName.…`, `InvalidRequest` where the
    ///   image is shared and its storage is not, and as `copySnapshot`.
    package mutating func copyImage(_ order: ImageCopyOrder) throws(EC2Error) -> ImageRecord {
        let source = try launchableImage(order.source)
        try checkImageName(order.name)
        guard source.rootDeviceType == .ebs else {
            throw .unsupported("The image '\(source.id)' is on instance store and cannot be copied.")
        }
        var image = ImageRecord(
            id: newID(), account: account, name: order.name, architecture: source.architecture, createdAt: now,
            rootDeviceName: source.rootDeviceName)
        image.inherit(from: source)
        (image.description, image.state) = (order.description, .pending)
        (image.sourceImage, image.sourceRegion) = (source.id, settings.region)
        image.tags = order.copiesTags && source.account == account ? source.tags.merging(order.tags) { $1 } : order.tags
        try TagRules.checkCount(image.tags, limit: settings.quotas.tagsPerResource)
        image.blockDevices = source.blockDevices
        for place in image.blockDevices.indices {
            guard let id = image.blockDevices[place].ebs?.snapshot else { continue }
            guard state.snapshots[id]?.isVisible(to: account, in: state) == true else {
                throw EC2Error("InvalidRequest", "You do not have permission to access the storage of this ami")
            }
            var copy = try copySnapshot(
                id,
                description: "Copied for DestinationAmi \(image.id) from SourceAmi \(source.id) for "
                    + "SourceSnapshot \(id).",
                tags: order.snapshotTags, encryption: order.encryption)
            if let minutes = order.completionMinutes {
                copy.completionMinutes = minutes
                put(copy)
            }
            image.blockDevices[place].ebs?.snapshot = copy.id
            image.blockDevices[place].ebs?.isEncrypted = copy.isEncrypted
        }
        put(image)
        return image
    }

    /// The image that the instance boots, kept as long as the instance is.
    private func imageSource(of instance: InstanceRecord) throws(EC2Error) -> ImageRecord {
        guard [.running, .stopped].contains(instance.state), instance.pause != .resuming else {
            throw EC2Error(
                "IncorrectState", "Instance '\(instance.id)' is not in a state from which an image can be made.")
        }
        guard !state.rootTasks.all(where: IndexKey(.instance, instance.id)).contains(where: { $0.state == .inProgress })
        else {
            throw EC2Error("IncorrectState", "The root volume of instance '\(instance.id)' is being replaced.")
        }
        guard let source = state.images[instance.image] else {
            throw .internalError(logged: "the image \(instance.image) of \(instance.id) is not there")
        }
        guard source.rootDeviceType == .ebs else {
            throw .unsupported("The instance '\(instance.id)' does not have an 'ebs' root device type.")
        }
        return source
    }
}

extension ImageRecord {
    /// What an image has of the machine that it boots on.
    fileprivate mutating func inherit(from source: ImageRecord) {
        (boot, bootMode, platform, platformDetails) = (
            source.boot, source.bootMode, source.platform, source.platformDetails
        )
        (usageOperation, enaSupport, sriovNetSupport) = (
            source.usageOperation, source.enaSupport, source.sriovNetSupport
        )
        (imdsSupport, tpmSupport, virtualizationType) = (
            source.imdsSupport, source.tpmSupport, source.virtualizationType
        )
        (hypervisor, kernelID, ramdiskID) = (source.hypervisor, source.kernelID, source.ramdiskID)
        if case .kernel = source.boot { kernelImage = source.kernelImage ?? source.id }
    }
}

/// The devices of an image that is made of an instance: its volumes with the request's mappings laid over them.
private struct ImageDevices {
    struct Kept {
        let volume: VolumeRecord
        let deviceName: String
        let deleteOnTermination: Bool

        func device(over snapshot: SnapshotRecord) -> ImageRecord.BlockDevice {
            var ebs = ImageRecord.EBS(
                snapshot: snapshot.id, sizeGiB: volume.sizeGiB, volumeType: volume.volumeType,
                deleteOnTermination: deleteOnTermination, isEncrypted: volume.isEncrypted)
            if VolumeTypeRules.all[volume.volumeType]?.iops != nil { ebs.iops = volume.iops }
            ebs.throughput = volume.throughput
            return ImageRecord.BlockDevice(deviceName: deviceName, ebs: ebs)
        }
    }

    private(set) var kept: [Kept] = []
    private(set) var added: [ImageRecord.BlockDevice] = []

    /// - Throws: `InvalidBlockDeviceMapping`, `IncorrectState` for an instance without a root volume.
    init(
        of instance: InstanceRecord, _ volumes: [VolumeRecord], wishes: [ImageDeviceWish]
    ) throws(EC2Error) {
        var open: [String: ImageDeviceWish] = [:]
        for wish in wishes {
            guard open.updateValue(wish, forKey: wish.deviceName) == nil else {
                throw .invalidMapping("The device '\(wish.deviceName)' is used in more than one block-device mapping")
            }
        }
        let attachments = volumes.flatMap { volume in
            volume.attachments.filter { $0.instance == instance.id }.map { (volume, $0) }
        }
        let root = instance.rootDeviceName
        for (volume, attachment) in attachments.sorted(by: {
            ($0.1.deviceName != root ? 1 : 0, $0.1.deviceName) < ($1.1.deviceName != root ? 1 : 0, $1.1.deviceName)
        }) {
            let wish = open.removeValue(forKey: attachment.deviceName)
            if try ImageDevices.replaces(wish, volume, isRoot: attachment.deviceName == root) {
                if let wish, !wish.isAbsent { added.append(try ImageDevices.device(wish)) }
                continue
            }
            kept.append(
                Kept(
                    volume: volume, deviceName: attachment.deviceName,
                    deleteOnTermination: wish?.deleteOnTermination ?? attachment.deleteOnTermination))
        }
        guard kept.contains(where: { $0.deviceName == root }) else {
            throw EC2Error(
                "IncorrectState",
                "Invalid value '\(instance.id)' for instanceId. Instance does not have a volume attached at root "
                    + "(\(root))")
        }
        for (name, number) in (instance.instanceStoreDevices ?? [:]).sorted(by: { $0.key < $1.key })
        where open[name] == nil {
            added.append(ImageRecord.BlockDevice(deviceName: name, virtualName: "ephemeral\(number)"))
        }
        for wish in wishes where open[wish.deviceName] != nil && !wish.isAbsent {
            added.append(try ImageDevices.device(wish))
        }
    }

    /// Whether the mapping takes the attached volume out of the image. Of one that stays, only its end can be changed.
    private static func replaces(
        _ wish: ImageDeviceWish?, _ volume: VolumeRecord, isRoot: Bool
    ) throws(EC2Error) -> Bool {
        guard let wish else { return false }
        if wish.isAbsent || wish.virtualName != nil {
            guard !isRoot else {
                throw .invalidMapping("The root device \(wish.deviceName) cannot be left out or replaced.")
            }
            return true
        }
        let isSame =
            wish.snapshot == nil && (wish.sizeGiB ?? volume.sizeGiB) == volume.sizeGiB
            && (wish.volumeType ?? volume.volumeType) == volume.volumeType
            && (wish.iops == nil || wish.iops == volume.iops)
            && (wish.throughput == nil || wish.throughput == volume.throughput)
            && (wish.isEncrypted != true || volume.isEncrypted)
        guard isSame else {
            throw .invalidMapping(
                "The device '\(wish.deviceName)' is attached to the instance: of its mapping only DeleteOnTermination can "
                    + "be changed.")
        }
        return false
    }

    private static func device(_ wish: ImageDeviceWish) throws(EC2Error) -> ImageRecord.BlockDevice {
        if let virtualName = wish.virtualName {
            return ImageRecord.BlockDevice(deviceName: wish.deviceName, virtualName: virtualName)
        }
        guard wish.snapshot == nil || wish.isEncrypted == nil else {
            throw .invalidMapping(
                "Whether the volume of a snapshot is encrypted follows from the snapshot and cannot be said.")
        }
        var ebs = ImageRecord.EBS(
            snapshot: wish.snapshot, sizeGiB: wish.sizeGiB ?? 0, volumeType: wish.volumeType ?? "gp2",
            deleteOnTermination: wish.deleteOnTermination ?? true, isEncrypted: wish.isEncrypted ?? false)
        (ebs.iops, ebs.throughput) = (wish.iops, wish.throughput)
        return ImageRecord.BlockDevice(deviceName: wish.deviceName, ebs: ebs)
    }
}

extension EC2Error {
    fileprivate static func invalidMapping(_ sentence: String) -> EC2Error {
        EC2Error("InvalidBlockDeviceMapping", sentence)
    }
}
