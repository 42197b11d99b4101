// Images that the operator brings: public, and owned by the account behind the alias `amazon`, so that look-ups by
// owner find them.

package import CloudTypes
package import NodeContract

/// What an operator's image is, its disk already taken in under the snapshot's id.
package struct OperatorImage: Sendable {
    package var image: ImageID
    package var snapshot: SnapshotID
    package var name: String
    package var description: String?
    package var architecture: Architecture
    package var sizeGiB: Int
    package var rootDeviceName: String
    package var boot: ImageRecord.Boot
    package var bootMode: String?

    package init(
        image: ImageID, snapshot: SnapshotID, name: String, description: String?, architecture: Architecture,
        sizeGiB: Int, rootDeviceName: String, boot: ImageRecord.Boot, bootMode: String?
    ) {
        (self.image, self.snapshot, self.name, self.description) = (image, snapshot, name, description)
        (self.architecture, self.sizeGiB, self.rootDeviceName) = (architecture, sizeGiB, rootDeviceName)
        (self.boot, self.bootMode) = (boot, bootMode)
    }
}

extension Transaction {
    /// Registers the image, public, for the account behind `amazon`.
    ///
    /// - Throws: `InvalidAMIName.Duplicate`.
    package mutating func registerOperatorImage(_ new: OperatorImage) throws(EC2Error) -> ImageRecord {
        let owner = ensureImageOwner()
        let twin = state.images.all(where: IndexKey(.name, new.name)).first { $0.account == owner && $0.state == .available }
        guard twin == nil else {
            throw EC2Error(
                "InvalidAMIName.Duplicate", "AMI name \(new.name) is already in use by AMI \(twin?.id.description ?? "")")
        }
        var snapshot = SnapshotRecord(
            id: new.snapshot, account: owner, sizeGiB: new.sizeGiB, description: "Root of \(new.name)", startedAt: now)
        snapshot.isPublic = true
        put(snapshot)
        var image = ImageRecord(
            id: new.image, account: owner, name: new.name, architecture: new.architecture, createdAt: now,
            rootDeviceName: new.rootDeviceName)
        (image.description, image.isPublic, image.boot, image.bootMode) = (new.description, true, new.boot, new.bootMode)
        image.blockDevices = [
            ImageRecord.BlockDevice(
                deviceName: new.rootDeviceName,
                ebs: ImageRecord.EBS(snapshot: new.snapshot, sizeGiB: new.sizeGiB))
        ]
        image.imageLocation = "amazon/\(new.name)"
        put(image)
        return image
    }
}
