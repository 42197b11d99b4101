// A volume as EC2 shows it, and what it can be filtered by.
// Source: EC2 API Reference, "Volume", "DescribeVolumes".

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.Volume {
    init(_ volume: VolumeRecord, _ settings: CloudSettings) {
        self.init()
        (volumeID, size) = (volume.id.description, volume.sizeGiB)
        (snapshotID, sourceVolumeID) = (volume.shownSnapshot ?? "", volume.source?.description)
        availabilityZone = volume.availabilityZone
        availabilityZoneID = settings.zoneID(ofZone: volume.availabilityZone)
        state = EC2.VolumeState(rawValue: volume.state.rawValue)
        createTime = volume.createdAt
        attachments = volume.attachments.map { EC2.VolumeAttachment($0, of: volume.id) }
        encrypted = volume.isEncrypted
        kmsKeyID = volume.keyID.map { settings.arn(ofKey: $0, account: volume.account) }
        volumeType = EC2.VolumeType(rawValue: volume.volumeType)
        (iops, throughput) = (volume.iops, volume.throughput)
        fastRestored = volume.isFastRestored
        multiAttachEnabled = volume.multiAttach
        volumeInitializationRate = volume.initializationRate
        tags = EC2.Tag.list(volume.tags)
        self.operator = EC2.OperatorResponse(managed: false)
    }
}

extension EC2.VolumeAttachment {
    init(_ attachment: VolumeRecord.Attachment, of volume: VolumeID) {
        self.init(
            deleteOnTermination: attachment.deleteOnTermination, volumeID: volume.description,
            instanceID: attachment.instance.description, device: attachment.deviceName,
            state: EC2.VolumeAttachmentState(rawValue: attachment.state.rawValue), attachTime: attachment.attachedAt)
    }
}

extension VolumeRecord {
    /// The moment of a copy's source is no snapshot that anybody finds.
    var shownSnapshot: String? { source == nil ? snapshot?.description : nil }
}

enum VolumeFilters {
    private typealias Values = FilterTable<VolumeRecord>.Values

    static func table(_ settings: CloudSettings) -> FilterTable<VolumeRecord> {
        var columns = columns
        columns["availability-zone-id"] = { volume, _ in
            settings.zoneID(ofZone: volume.availabilityZone).map { [$0] } ?? []
        }
        return FilterTable(columns, tags: \.tags)
    }

    private static func each(
        _ value: @escaping @Sendable (VolumeRecord.Attachment) -> String
    ) -> Values {
        { volume, _ in volume.attachments.map(value) }
    }

    private static let columns: [String: Values] = [
        "attachment.attach-time": each { $0.attachedAt.description },
        "attachment.delete-on-termination": each { "\($0.deleteOnTermination)" },
        "attachment.device": each { $0.deviceName },
        "attachment.instance-id": each { $0.instance.description },
        "attachment.status": each { $0.state.rawValue },
        "availability-zone": { volume, _ in [volume.availabilityZone] },
        "create-time": { volume, _ in [volume.createdAt.description] },
        "encrypted": { volume, _ in ["\(volume.isEncrypted)"] },
        "fast-restored": { volume, _ in ["\(volume.isFastRestored == true)"] },
        "multi-attach-enabled": { volume, _ in ["\(volume.multiAttach)"] },
        "operator.managed": { _, _ in ["false"] },
        "operator.principal": { _, _ in [] },
        "size": { volume, _ in ["\(volume.sizeGiB)"] },
        "snapshot-id": { volume, _ in volume.shownSnapshot.map { [$0] } ?? [] },
        "status": { volume, _ in [volume.state.rawValue] },
        "volume-id": { volume, _ in [volume.id.description] },
        "volume-type": { volume, _ in [volume.volumeType] },
    ]
}
