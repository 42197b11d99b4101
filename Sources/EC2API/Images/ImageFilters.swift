// The filters of images.
// Source: EC2 API Reference, "DescribeImages".

import CloudTypes
import ControlPlane
import NodeContract

enum ImageFilters {
    private typealias Values = FilterTable<ImageRecord>.Values

    static let table = FilterTable<ImageRecord>(
        own.merging(devices) { $1 }.merging(absent) { $1 }, tags: { $0.tags })

    private static let own: [String: Values] = [
        "architecture": { image, _ in [image.architecture.rawValue] },
        "creation-date": { image, _ in [image.createdAt.description] },
        "description": { image, _ in image.description.map { [$0] } ?? [] },
        "ena-support": { image, _ in [image.enaSupport.description] },
        "hypervisor": { image, _ in [image.hypervisor] },
        "image-id": { image, _ in [image.id.description] },
        "image-type": { _, _ in ["machine"] },
        "is-public": { image, _ in [image.isPublic.description] },
        "kernel-id": { image, _ in image.kernelID.map { [$0] } ?? [] },
        "manifest-location": { image, _ in [image.imageLocation] },
        "name": { image, _ in [image.name] },
        "owner-alias": { image, state in state.ownerAlias(of: image).map { [$0] } ?? [] },
        "owner-id": { image, _ in [image.account.description] },
        "platform": { image, _ in image.platform.map { [$0] } ?? [] },
        "ramdisk-id": { image, _ in image.ramdiskID.map { [$0] } ?? [] },
        "root-device-name": { image, _ in [image.rootDeviceName] },
        "root-device-type": { image, _ in [image.rootDeviceType.rawValue] },
        "sriov-net-support": { image, _ in image.sriovNetSupport.map { [$0] } ?? [] },
        "source-image-id": { image, _ in image.sourceImage.map { [$0.description] } ?? [] },
        "source-image-region": { image, _ in image.sourceRegion.map { [$0] } ?? [] },
        "source-instance-id": { image, _ in image.sourceInstance.map { [$0.description] } ?? [] },
        "state-reason-code": { image, _ in image.failure.map { _ in [ImageRecord.failureCode] } ?? [] },
        "state-reason-message": { image, _ in image.failure.map { [$0] } ?? [] },
        "state": { image, _ in [image.state.rawValue] },
        "virtualization-type": { image, _ in [image.virtualizationType] },
    ]

    private static let devices: [String: Values] = [
        "block-device-mapping.delete-on-termination": ebs { $0.deleteOnTermination.description },
        "block-device-mapping.device-name": { image, _ in image.blockDevices.map(\.deviceName) },
        "block-device-mapping.encrypted": ebs { $0.isEncrypted.description },
        "block-device-mapping.snapshot-id": ebs { $0.snapshot?.description },
        "block-device-mapping.volume-size": ebs { String($0.sizeGiB) },
        "block-device-mapping.volume-type": ebs { $0.volumeType },
    ]

    /// What AWS filters by and no image has here: product codes, criteria.
    private static let absent: [String: Values] = Dictionary(
        uniqueKeysWithValues: [
            "free-tier-eligible", "image-allowed", "product-code", "product-code.type",
        ].map { ($0, { @Sendable _, _ in [] }) })

    private static func ebs(_ value: @escaping @Sendable (ImageRecord.EBS) -> String?) -> Values {
        { image, _ in image.blockDevices.compactMap { $0.ebs.flatMap(value) } }
    }
}
