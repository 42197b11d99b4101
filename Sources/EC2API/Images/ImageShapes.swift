// Images as answers show them.

import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

extension EC2.Image {
    init(_ image: ImageRecord, in state: CloudState, at now: Timestamp) {
        self.init(
            platformDetails: image.platformDetails, usageOperation: image.usageOperation,
            blockDeviceMappings: image.blockDevices.map { EC2.BlockDeviceMapping($0) }, description: image.description,
            enaSupport: image.enaSupport, hypervisor: EC2.HypervisorType(rawValue: image.hypervisor),
            imageOwnerAlias: state.ownerAlias(of: image), name: image.name, rootDeviceName: image.rootDeviceName,
            rootDeviceType: EC2.DeviceType(rawValue: image.rootDeviceType.rawValue),
            sriovNetSupport: image.sriovNetSupport, stateReason: image.shownReason, tags: EC2.Tag.list(image.tags),
            virtualizationType: EC2.VirtualizationType(rawValue: image.virtualizationType),
            bootMode: image.bootMode.flatMap(EC2.BootModeValues.init(rawValue:)),
            tpmSupport: image.tpmSupport.flatMap(EC2.TpmSupportValues.init(rawValue:)),
            deprecationTime: image.deprecationTime?.description,
            imdsSupport: image.imdsSupport.flatMap(EC2.ImdsSupportValues.init(rawValue:)),
            sourceInstanceID: image.sourceInstance?.description,
            deregistrationProtection: image.isProtected(at: now) ? "enabled" : "disabled",
            lastLaunchedTime: image.lastLaunchedAt?.description,
            sourceImageID: image.sourceImage?.description, sourceImageRegion: image.sourceRegion,
            imageID: image.id.description,
            imageLocation: image.imageLocation, state: EC2.ImageState(rawValue: image.state.rawValue),
            ownerID: image.account.description, creationDate: image.createdAt.description, public: image.isPublic,
            architecture: EC2.ArchitectureValues(rawValue: image.architecture.rawValue), imageType: .machine,
            kernelID: image.kernelID, ramdiskID: image.ramdiskID,
            platform: image.platform)
    }
}

extension ImageRecord {
    fileprivate var shownReason: EC2.StateReason? {
        failure.map { EC2.StateReason(code: ImageRecord.failureCode, message: $0) }
    }

    static let failureCode = "Client.InternalError"
}

extension EC2.BlockDeviceMapping {
    init(_ device: ImageRecord.BlockDevice) {
        self.init(attributeOf: device)
        ebs?.encrypted = device.ebs?.isEncrypted
    }

    /// As `DescribeImageAttribute` shows it: without what is said of encryption.
    init(attributeOf device: ImageRecord.BlockDevice) {
        self.init(
            ebs: device.ebs.map { ebs in
                EC2.EbsBlockDevice(
                    deleteOnTermination: ebs.deleteOnTermination, iops: ebs.iops,
                    snapshotID: ebs.snapshot?.description, volumeSize: ebs.sizeGiB,
                    volumeType: EC2.VolumeType(rawValue: ebs.volumeType), throughput: ebs.throughput)
            },
            deviceName: device.deviceName, virtualName: device.virtualName)
    }
}
