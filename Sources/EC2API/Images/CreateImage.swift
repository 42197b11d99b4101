import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `CreateImage`: an image of an instance and of the volumes that it has. Without a reboot, or of an instance that is
/// stopped, the disks are as they are when the call is answered; else as they are when the guest has shut down.
enum CreateImage: LiveAction {
    typealias Operation = EC2.Operation.CreateImage

    static func rehearse(_ input: EC2.CreateImageRequest, _ transaction: inout Transaction) throws(EC2Error) {
        _ = try transaction.createImage(order(input, in: transaction))
    }

    static func perform(
        _ input: EC2.CreateImageRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> EC2.CreateImageResult {
        let made = try await cloud.makeImage(as: caller) { transaction throws(EC2Error) in
            try transaction.createImage(order(input, in: transaction))
        }
        return EC2.CreateImageResult(imageID: made.description)
    }

    private static func order(
        _ input: EC2.CreateImageRequest, in transaction: Transaction
    ) throws(EC2Error) -> ImageOrder {
        try UnservedMembers.refuse(
            ["SnapshotLocation": input.snapshotLocation == .local], because: "it has no Local Zones.")
        var order = ImageOrder(instance: try Lookup.id(input.instanceID), name: input.name)
        order.description = input.description
        order.reboots = input.noReboot != true
        (order.tags, order.snapshotTags) = try ImageTags.tags(input.tagSpecifications, in: transaction)
        for mapping in input.blockDeviceMappings { order.devices.append(try wish(mapping)) }
        return order
    }

    private static func wish(_ mapping: EC2.BlockDeviceMapping) throws(EC2Error) -> ImageDeviceWish {
        guard let name = mapping.deviceName, !name.isEmpty else {
            throw .missingParameter("BlockDeviceMapping.DeviceName")
        }
        var wish = ImageDeviceWish(deviceName: name)
        if mapping.noDevice != nil {
            wish.isAbsent = true
            return wish
        }
        if let virtualName = mapping.virtualName {
            guard mapping.ebs == nil, VirtualDevice.number(virtualName) != nil else {
                throw EC2Error("InvalidBlockDeviceMapping", "The virtual name '\(virtualName)' is invalid.")
            }
            wish.virtualName = virtualName
            return wish
        }
        guard let ebs = mapping.ebs else { throw .missingParameter("BlockDeviceMapping.Ebs") }
        guard ebs.outpostARN == nil, ebs.availabilityZone == nil, ebs.availabilityZoneID == nil,
            ebs.volumeInitializationRate == nil, ebs.ebsCardIndex == nil, ebs.kmsKeyID == nil
        else {
            throw .unsupported(
                "A volume of an image takes no key, Outpost, Availability Zone, initialization rate or card index.")
        }
        if let snapshot = ebs.snapshotID { wish.snapshot = try Lookup.id(snapshot) }
        guard ebs.volumeSize ?? 1 > 0 else {
            throw .invalidParameterValue("Invalid value '\(ebs.volumeSize ?? 0)' for VolumeSize.")
        }
        (wish.sizeGiB, wish.volumeType) = (ebs.volumeSize, ebs.volumeType?.rawValue)
        (wish.iops, wish.throughput) = (ebs.iops, ebs.throughput)
        (wish.deleteOnTermination, wish.isEncrypted) = (ebs.deleteOnTermination, ebs.encrypted)
        return wish
    }
}

/// The tags of an image and those of its snapshots, given when they are made.
enum ImageTags {
    static func tags(
        _ list: [EC2.TagSpecification], in transaction: Transaction
    ) throws(EC2Error) -> (image: [String: String], snapshots: [String: String]) {
        let limit = transaction.settings.quotas.tagsPerResource
        func tags(for type: String) throws(EC2Error) -> [String: String] {
            try TagSpecifications.tags(
                list, for: type, allowed: [ImageRecord.resourceType, SnapshotRecord.resourceType], limit: limit)
        }
        return (try tags(for: ImageRecord.resourceType), try tags(for: SnapshotRecord.resourceType))
    }
}
