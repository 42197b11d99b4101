// The disks of a launch: the image's mappings with the request's laid over them.
// Source: EC2 User Guide, "Block device mappings".

internal import CloudTypes

struct LaunchDisks {
    struct Disk {
        let deviceName: String
        let figures: VolumeFigures
        let snapshot: SnapshotID?
        let encryption: EncryptionWish
        let deleteOnTermination: Bool
    }

    private(set) var disks: [Disk] = []

    init(
        _ wishes: [LaunchOrder.BlockDevice], image: ImageRecord, for account: AccountID, in state: CloudState
    ) throws(EC2Error) {
        var open: [String: LaunchOrder.BlockDevice] = [:]
        for wish in wishes {
            guard open.updateValue(wish, forKey: wish.deviceName) == nil else {
                throw .invalidParameterValue(
                    "The device '\(wish.deviceName)' is used in more than one block-device mapping")
            }
        }
        for mapping in image.blockDevices {
            let wish = open.removeValue(forKey: mapping.deviceName)
            if wish?.isSuppressed == true {
                guard mapping.deviceName != image.rootDeviceName else {
                    throw EC2Error(
                        "InvalidBlockDeviceMapping", "The root device \(mapping.deviceName) cannot be suppressed.")
                }
                continue
            }
            if wish?.instanceStore != nil {
                guard mapping.deviceName != image.rootDeviceName else {
                    throw EC2Error(
                        "InvalidBlockDeviceMapping",
                        "The root device \(mapping.deviceName) cannot be an instance store volume.")
                }
                continue
            }
            guard let own = mapping.ebs else {
                // A volume of the launch in the place of the image's instance store volume.
                if let wish { open[mapping.deviceName] = wish }
                continue
            }
            disks.append(try LaunchDisks.disk(mapping.deviceName, own: own, wish: wish, image, account, state))
        }
        for wish in wishes where open[wish.deviceName] != nil && !wish.isSuppressed && wish.instanceStore == nil {
            disks.append(try LaunchDisks.disk(wish.deviceName, own: nil, wish: wish, image, account, state))
        }
    }

    private static func disk(
        _ deviceName: String, own: ImageRecord.EBS?, wish: LaunchOrder.BlockDevice?, _ image: ImageRecord,
        _ account: AccountID, _ state: CloudState
    ) throws(EC2Error) -> Disk {
        let isRoot = deviceName == image.rootDeviceName
        if own?.snapshot != nil, let other = wish?.snapshot, other != own?.snapshot, isRoot {
            throw EC2Error("InvalidBlockDeviceMapping", "snapshotId cannot be modified on root device")
        }
        let snapshot = wish?.snapshot ?? own?.snapshot
        let least = try snapshot.map { (id) throws(EC2Error) in try size(of: id, image, account, state) } ?? 0
        guard let sizeGiB = wish?.sizeGiB ?? own?.sizeGiB ?? (least > 0 ? least : nil) else {
            throw .missingParameter("BlockDeviceMapping.Ebs.VolumeSize or SnapshotId")
        }
        guard snapshot == nil || sizeGiB >= least else {
            throw EC2Error(
                "InvalidBlockDeviceMapping",
                "Volume of size \(sizeGiB)GB is smaller than snapshot '\(snapshot?.description ?? "")', "
                    + "expect size >= \(least)GB")
        }
        let type = wish?.volumeType ?? own?.volumeType ?? "gp2"
        let keepsFigures = wish?.volumeType == nil || wish?.volumeType == own?.volumeType
        let figures = try VolumeFigures(
            volumeType: type, sizeGiB: sizeGiB, iops: wish?.iops ?? (keepsFigures ? own?.iops : nil),
            throughput: wish?.throughput ?? (keepsFigures ? own?.throughput : nil)
        ).checked()
        if isRoot, VolumeTypeRules.all[type]?.isBootable == false {
            throw EC2Error("InvalidBlockDeviceMapping", "The volume type \(type) cannot be used for the root device.")
        }
        var encryption = wish?.encryption ?? EncryptionWish()
        if encryption.isEncrypted == nil, snapshot == nil, own?.isEncrypted == true { encryption.isEncrypted = true }
        return Disk(
            deviceName: deviceName, figures: figures, snapshot: snapshot, encryption: encryption,
            deleteOnTermination: wish?.deleteOnTermination ?? own?.deleteOnTermination ?? true)
    }

    /// The snapshots of an image are the launcher's to use, whoever owns them.
    ///
    /// - Throws: `InvalidSnapshot.NotFound`, also for what is another account's.
    private static func size(
        of snapshot: SnapshotID, _ image: ImageRecord, _ account: AccountID, _ state: CloudState
    ) throws(EC2Error) -> Int {
        let isOfImage = image.blockDevices.contains { $0.ebs?.snapshot == snapshot }
        guard let record = state.snapshots[snapshot], record.isListed,
            isOfImage || record.isVisible(to: account, in: state)
        else {
            throw .notFound(snapshot)
        }
        guard record.state == .completed else {
            throw EC2Error("IncorrectState", "Snapshot \(snapshot) is in state \(record.state.rawValue)")
        }
        return record.sizeGiB
    }
}
