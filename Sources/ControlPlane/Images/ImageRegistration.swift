// How an image comes to be: registered by a caller over snapshots, or by the operator over a disk.
// Source: EC2 API Reference, "RegisterImage".

package import CloudTypes
package import NodeContract

/// A disk that the operator brings in as an image; its bytes are on the node already, under the ids.
package struct OperatorImage: Sendable {
    package var id: ImageID
    package var snapshot: SnapshotID
    package var name: String
    package var description: String?
    package var architecture: Architecture
    package var sizeGiB: Int
    package var rootDeviceName = "/dev/xvda"
    package var boot: ImageRecord.Boot
    /// `uefi`, `legacy-bios`, `uefi-preferred`; nil: what the instance type prefers.
    package var bootMode: String?

    package init(
        id: ImageID, snapshot: SnapshotID, name: String, architecture: Architecture, sizeGiB: Int,
        boot: ImageRecord.Boot
    ) {
        (self.id, self.snapshot, self.name, self.architecture) = (id, snapshot, name, architecture)
        (self.sizeGiB, self.boot) = (sizeGiB, boot)
    }
}

extension Transaction {
    /// Makes the image under its id, owned by the caller.
    ///
    /// - Throws: `InvalidAMIName.Malformed`, `InvalidAMIName.Duplicate`, `InvalidBlockDeviceMapping`,
    ///   `InvalidSnapshot.NotFound`, `IncorrectState`, `InvalidParameterValue`.
    package mutating func registerImage(_ wanted: ImageRecord) throws(EC2Error) -> ImageRecord {
        try checkImageName(wanted.name)
        var image = wanted
        var names: Set<String> = []
        for place in image.blockDevices.indices {
            let device = image.blockDevices[place]
            guard names.insert(device.deviceName).inserted else {
                throw EC2Error(
                    "InvalidBlockDeviceMapping",
                    "The device '\(device.deviceName)' is used in more than one block-device mapping")
            }
            if let ebs = device.ebs { image.blockDevices[place].ebs = try checked(ebs) }
        }
        let root = image.blockDevices.first { $0.deviceName == image.rootDeviceName }
        guard root?.ebs?.snapshot != nil else {
            throw EC2Error(
                "InvalidBlockDeviceMapping",
                "The root device '\(image.rootDeviceName)' must be mapped to a snapshot.")
        }
        forgetUnusedImages()
        put(image)
        return image
    }

    /// Makes the image and its snapshot, owned by the account behind the alias `amazon`, for everybody to launch.
    ///
    /// - Throws: `InvalidAMIName.Malformed`, `InvalidAMIName.Duplicate`.
    package mutating func registerOperatorImage(_ disk: OperatorImage) throws(EC2Error) -> ImageRecord {
        let owner = ensureImageOwner()
        try checkImageName(disk.name, of: owner)
        var snapshot = SnapshotRecord(
            id: disk.snapshot, account: owner, sizeGiB: disk.sizeGiB,
            description: "Created by the operator for \(disk.id)", startedAt: now)
        snapshot.isPublic = true
        put(snapshot)
        var image = ImageRecord(
            id: disk.id, account: owner, name: disk.name, architecture: disk.architecture, createdAt: now,
            rootDeviceName: disk.rootDeviceName)
        (image.description, image.boot, image.bootMode) = (disk.description, disk.boot, disk.bootMode)
        image.isPublic = true
        image.imageLocation = "amazon/\(disk.name)"
        image.blockDevices = [
            ImageRecord.BlockDevice(
                deviceName: disk.rootDeviceName,
                ebs: ImageRecord.EBS(snapshot: disk.snapshot, sizeGiB: disk.sizeGiB))
        ]
        put(image)
        return image
    }

    /// Names are unique among the images of an account.
    ///
    /// - Parameter owner: nil: the caller.
    func checkImageName(_ name: String, of owner: AccountID? = nil) throws(EC2Error) {
        guard (3...128).contains(name.unicodeScalars.count), name.utf8.allSatisfy(ImageName.isAllowed) else {
            throw EC2Error(
                "InvalidAMIName.Malformed",
                "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, "
                    + "'(', ')', '[', ']', ' ', '.', '/', '-', ''', '@' and '_'")
        }
        let others = state.images.all(where: IndexKey(.name, text: name))
        if let other = others.first(where: { $0.account == owner ?? account }) {
            throw EC2Error(
                "InvalidAMIName.Duplicate", "AMI name \(name) is already in use by AMI \(other.id)")
        }
    }

    /// A mapping's volume with its size and figures filled in.
    func checked(_ ebs: ImageRecord.EBS) throws(EC2Error) -> ImageRecord.EBS {
        var ebs = ebs
        if let id = ebs.snapshot {
            guard let snapshot = state.snapshots[id], snapshot.isVisible(to: account, in: state) else {
                throw .notFound(id)
            }
            guard snapshot.state == .completed else {
                throw EC2Error("IncorrectState", "Snapshot '\(id)' is not completed.")
            }
            if ebs.sizeGiB == 0 { ebs.sizeGiB = snapshot.sizeGiB }
            guard ebs.sizeGiB >= snapshot.sizeGiB else {
                throw EC2Error(
                    "InvalidBlockDeviceMapping",
                    "Volume of size \(ebs.sizeGiB)GB is smaller than snapshot '\(id)', expect size >= "
                        + "\(snapshot.sizeGiB)GB")
            }
            ebs.isEncrypted = snapshot.isEncrypted
        }
        guard ebs.sizeGiB > 0 else { throw .missingParameter("BlockDeviceMapping.Ebs.VolumeSize or SnapshotId") }
        let figures = try VolumeFigures(
            volumeType: ebs.volumeType, sizeGiB: ebs.sizeGiB, iops: ebs.iops, throughput: ebs.throughput
        ).checked()
        // What gp2 comes out with is for its volumes to say, not for the image.
        if VolumeTypeRules.all[ebs.volumeType]?.iops != nil { ebs.iops = figures.iops }
        ebs.throughput = figures.throughput
        return ebs
    }
}

private enum ImageName {
    private static let marks = Set("()[] ./-'@_".utf8)

    static func isAllowed(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || marks.contains(byte)
    }
}
