import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `RegisterImage`: an image over snapshots. Where nothing is said, AWS registers a 32-bit paravirtual image; no host
/// of this cloud runs one, so that here the defaults are x86_64 and hvm.
enum RegisterImage: RecordAction {
    typealias Operation = EC2.Operation.RegisterImage

    static func perform(
        _ input: EC2.RegisterImageRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.RegisterImageResult {
        try refuseWhatCannotBe(input)
        guard let root = input.rootDeviceName, !root.isEmpty else { throw .missingParameter("RootDeviceName") }
        let architecture = Architecture(rawValue: input.architecture?.rawValue ?? "x86_64") ?? .x86_64
        var image = ImageRecord(
            id: transaction.newID(), account: transaction.account, name: input.name, architecture: architecture,
            createdAt: transaction.now, rootDeviceName: root)
        image.description = input.description
        image.tags = try TagSpecifications.tags(
            input.tagSpecifications, for: ImageRecord.resourceType, in: transaction)
        image.bootMode = input.bootMode?.rawValue
        image.imdsSupport = input.imdsSupport?.rawValue
        image.enaSupport = input.enaSupport ?? false
        image.sriovNetSupport = input.sriovNetSupport
        for mapping in input.blockDeviceMappings {
            if let device = try blockDevice(mapping) { image.blockDevices.append(device) }
        }
        let made = try transaction.registerImage(image)
        return EC2.RegisterImageResult(imageID: made.id.description)
    }

    private static func refuseWhatCannotBe(_ input: EC2.RegisterImageRequest) throws(EC2Error) {
        guard isUnsaid(input.imageLocation) else {
            throw .unsupported("Images from a manifest in a bucket are not supported; register a snapshot instead.")
        }
        guard input.virtualizationType == nil || input.virtualizationType == "hvm" else {
            throw .unsupported("The virtualization type '\(input.virtualizationType ?? "")' is not supported; use hvm.")
        }
        guard isUnsaid(input.kernelID), isUnsaid(input.ramdiskID) else {
            throw .unsupported("Kernel and RAM disk images of their own are not supported.")
        }
        guard input.tpmSupport == nil, isUnsaid(input.uefiData) else {
            throw .unsupported("NitroTPM and UEFI Secure Boot are not supported.")
        }
        guard input.billingProducts.isEmpty else { throw .unsupported("Billing products are not supported.") }
        guard input.sriovNetSupport == nil || input.sriovNetSupport == "simple" else {
            throw .invalidParameterValue(
                name: "SriovNetSupport", value: input.sriovNetSupport ?? "", reason: "Expected: simple.")
        }
        if input.architecture == .arm64, input.bootMode == .legacyBIOS {
            throw .invalidParameterCombination("The boot mode legacy-bios cannot be used with the architecture arm64.")
        }
    }

    /// Terraform sends empty texts for what it has nothing to say of.
    private static func isUnsaid(_ text: String?) -> Bool { text?.isEmpty ?? true }

    /// nil for a mapping that says that there is to be no device.
    private static func blockDevice(
        _ mapping: EC2.BlockDeviceMapping
    ) throws(EC2Error) -> ImageRecord.BlockDevice? {
        guard let name = mapping.deviceName, !name.isEmpty else {
            throw .missingParameter("BlockDeviceMapping.DeviceName")
        }
        if mapping.noDevice != nil { return nil }
        if let virtualName = mapping.virtualName {
            guard mapping.ebs == nil, VirtualDevice.number(virtualName) != nil else {
                throw EC2Error("InvalidBlockDeviceMapping", "The virtual name '\(virtualName)' is invalid.")
            }
            return ImageRecord.BlockDevice(deviceName: name, virtualName: virtualName)
        }
        guard let ebs = mapping.ebs else { throw .missingParameter("BlockDeviceMapping.Ebs") }
        return ImageRecord.BlockDevice(deviceName: name, ebs: try volume(ebs))
    }

    private static func volume(_ ebs: EC2.EbsBlockDevice) throws(EC2Error) -> ImageRecord.EBS {
        guard ebs.encrypted == nil || ebs.snapshotID == nil else {
            throw .invalidParameterCombination(
                "Whether the volume of a snapshot is encrypted follows from the snapshot and cannot be said.")
        }
        guard ebs.kmsKeyID == nil else {
            throw .invalidParameterCombination("A volume of an image takes no key: it is the launching account's.")
        }
        guard ebs.outpostARN == nil, ebs.availabilityZone == nil, ebs.availabilityZoneID == nil,
            ebs.volumeInitializationRate == nil, ebs.ebsCardIndex == nil
        else {
            throw .unsupported(
                "A volume of an image takes no Outpost, Availability Zone, initialization rate or card index.")
        }
        let snapshot: SnapshotID? = if let text = ebs.snapshotID { try Lookup.id(text) } else { nil }
        guard ebs.volumeSize ?? 1 > 0 else {
            throw .invalidParameterValue("Invalid value '\(ebs.volumeSize ?? 0)' for VolumeSize.")
        }
        var record = ImageRecord.EBS(
            snapshot: snapshot, sizeGiB: ebs.volumeSize ?? 0, volumeType: ebs.volumeType?.rawValue ?? "gp2",
            deleteOnTermination: ebs.deleteOnTermination ?? true, isEncrypted: ebs.encrypted ?? false)
        (record.iops, record.throughput) = (ebs.iops, ebs.throughput)
        return record
    }
}
