import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Volumes of instances that run")
struct LiveAttachmentTests {
    private var cloud: TestCloud
    private let instance: InstanceID
    private let zone: String

    init() throws {
        cloud = try TestCloud()
        instance = try cloud.running()
        zone = try #require(cloud.state.instances[instance]?.availabilityZone)
    }

    private mutating func made() throws -> String {
        let input = EC2.CreateVolumeRequest(availabilityZone: zone, size: 1)
        let id = try #require(VolumeID(try cloud.perform(CreateVolume.self, input).volumeID ?? ""))
        cloud.transaction.update(id) { (volume: inout VolumeRecord) in
            (volume.isRealised, volume.state) = (true, .available)
        }
        return id.description
    }

    private func attachment(_ volume: String, _ device: String = "/dev/sdf") -> EC2.AttachVolumeRequest {
        .init(device: device, instanceID: instance.description, volumeID: volume)
    }

    private mutating func shown(_ id: String) throws -> EC2.Volume {
        try #require(try cloud.perform(DescribeVolumes.self, .init(volumeIDs: [id])).volumes.first)
    }

    /// What the reconciler writes once the guest has the disk.
    private mutating func plugged(_ id: String) throws {
        cloud.transaction.update(try #require(VolumeID(id))) { (volume: inout VolumeRecord) in
            volume.attachments[0].state = .attached
        }
    }

    @Test("are attaching until the guest has them, detaching until it lets go")
    mutating func states() throws {
        let id = try made()
        #expect(try cloud.perform(AttachVolume.self, attachment(id)).state == .attaching)
        #expect(try shown(id).state == .inUse && shown(id).attachments.map(\.state) == [.attaching])
        #expect(cloud.refusal(of: AttachVolume.self, attachment(id)) == "VolumeInUse")
        #expect(cloud.refusal(of: DeleteVolume.self, .init(volumeID: id)) == "VolumeInUse")
        try plugged(id)
        #expect(try cloud.perform(DetachVolume.self, .init(volumeID: id)).state == .detaching)
        #expect(try shown(id).state == .inUse && shown(id).attachments.map(\.state) == [.detaching])
        #expect(try cloud.perform(DetachVolume.self, .init(force: true, volumeID: id)).state == .detaching)
        let record = try #require(VolumeID(id).flatMap { cloud.state.volumes[$0] })
        #expect(record.attachments[0].isForced == true)
    }

    @Test("keep their places apart, and take no more than there are")
    mutating func places() throws {
        let (first, second) = (try made(), try made())
        try cloud.perform(AttachVolume.self, attachment(first))
        #expect(cloud.refusal(of: AttachVolume.self, attachment(second)) == "InvalidParameterValue")
        #expect(cloud.refusal(of: AttachVolume.self, attachment(second, "/dev/root")) == "InvalidParameterValue")
        #expect(
            cloud.refusal(of: DetachVolume.self, .init(device: "/dev/sdg", volumeID: first))
                == "InvalidAttachment.NotFound")
        for letter in "ghijklm" { try cloud.perform(AttachVolume.self, attachment(made(), "/dev/sd\(letter)")) }
        #expect(cloud.refusal(of: AttachVolume.self, attachment(second, "/dev/sdn")) == "AttachmentLimitExceeded")
    }

    @Test("stay in their zone, and the root stays where it is")
    mutating func refused() throws {
        let far =
            try cloud.perform(
                CreateVolume.self, .init(availabilityZone: zone.dropLast() + "c", size: 1)
            ).volumeID ?? ""
        #expect(cloud.refusal(of: AttachVolume.self, attachment(far)) == "InvalidVolume.ZoneMismatch")
        let root = try #require(
            try cloud.described(instance)?.blockDeviceMappings.first?.ebs?.volumeID)
        #expect(cloud.refusal(of: DetachVolume.self, .init(volumeID: root)) == "OperationNotPermitted")
        #expect(cloud.refusal(of: DetachVolume.self, .init(force: true, volumeID: root)) == "OperationNotPermitted")
        #expect(cloud.refusal(of: AttachVolume.self, attachment("vol-00000000")) == "InvalidVolume.NotFound")
    }

    @Test("that were on their way when the instance stopped have arrived or left")
    mutating func overtaken() throws {
        let (coming, leaving) = (try made(), try made())
        try cloud.perform(AttachVolume.self, attachment(coming))
        try cloud.perform(AttachVolume.self, attachment(leaving, "/dev/sdg"))
        try plugged(leaving)
        try cloud.perform(DetachVolume.self, .init(volumeID: leaving))
        cloud.transaction.becomeStopped(instance, reason: nil)
        #expect(try shown(coming).attachments.map(\.state) == [.attached])
        #expect(try shown(leaving).state == .available && shown(leaving).attachments.isEmpty)
    }

    @Test("go or stay with a terminated instance as their attachments say")
    mutating func terminated() throws {
        let (kept, doomed) = (try made(), try made())
        try cloud.perform(AttachVolume.self, attachment(kept))
        try cloud.perform(AttachVolume.self, attachment(doomed, "/dev/sdg"))
        try cloud.perform(
            ModifyInstanceAttribute.self,
            .init(
                instanceID: instance.description,
                blockDeviceMappings: [.init(deviceName: "/dev/sdg", ebs: .init(deleteOnTermination: true))]))
        cloud.transaction.becomeTerminated(instance, reason: nil)
        #expect(try shown(kept).state == .available && shown(doomed).state == .deleting)
    }
}
