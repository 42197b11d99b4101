import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("Volumes")
struct VolumeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func made(_ input: EC2.CreateVolumeRequest) throws -> VolumeID {
        let volume = try #require(VolumeID(try cloud.perform(CreateVolume.self, input).volumeID ?? ""))
        cloud.transaction.update(volume) { (volume: inout VolumeRecord) in
            (volume.isRealised, volume.state) = (true, .available)
        }
        return volume
    }

    private mutating func shown(_ id: VolumeID) throws -> EC2.Volume {
        try #require(try cloud.perform(DescribeVolumes.self, .init(volumeIDs: [id.description])).volumes.first)
    }

    @Test(
        "have the figures of their type where none are asked for",
        arguments: [
            ("gp3", 10, 3_000, 125), ("gp2", 10, 100, nil), ("gp2", 1_000, 3_000, nil), ("gp2", 10_000, 16_000, nil),
            ("st1", 125, nil, nil), ("standard", 1, nil, nil),
        ] as [(String, Int, Int?, Int?)])
    mutating func figures(type: String, size: Int, iops: Int?, throughput: Int?) throws {
        let volume = try cloud.perform(
            CreateVolume.self,
            .init(availabilityZone: "us-east-1a", size: size, volumeType: EC2.VolumeType(rawValue: type)))
        #expect(volume.state == .creating && volume.size == size && volume.volumeType?.rawValue == type)
        #expect(volume.iops == iops && volume.throughput == throughput)
        #expect(volume.encrypted == false && volume.snapshotID == "" && volume.availabilityZoneID == "use1-az1")
    }

    private static let refusals: [(String, EC2.CreateVolumeRequest)] = [
        ("MissingParameter", .init(size: 1)), ("MissingParameter", .init(availabilityZone: "us-east-1a")),
        ("InvalidZone.NotFound", .init(availabilityZone: "us-east-1z", size: 1)),
        ("InvalidParameterValue", .init(availabilityZone: "us-east-1a", size: 0)),
        ("InvalidParameterValue", .init(availabilityZone: "us-east-1a", size: 16_385)),
        ("InvalidParameterValue", .init(availabilityZone: "us-east-1a", size: 124, volumeType: .st1)),
        ("MissingParameter", .init(availabilityZone: "us-east-1a", size: 10, volumeType: .io2)),
        ("InvalidParameterCombination", .init(availabilityZone: "us-east-1a", iops: 300, size: 10)),
        ("InvalidParameterValue", .init(availabilityZone: "us-east-1a", iops: 5_001, size: 10, volumeType: .gp3)),
        ("InvalidParameterValue", .init(availabilityZone: "us-east-1a", size: 10, volumeType: .gp3, throughput: 751)),
        ("InvalidParameterCombination", .init(availabilityZone: "us-east-1a", size: 4, multiAttachEnabled: true)),
        (
            "InvalidParameterCombination",
            .init(availabilityZone: "us-east-1a", size: 4, volumeType: .gp2, throughput: 200)
        ),
        ("InvalidParameterValue", .init(availabilityZone: "us-east-1a", iops: 201, size: 4, volumeType: .io1)),
        ("InvalidParameterValue", .init(availabilityZone: "us-east-1a", iops: 80_001, size: 200, volumeType: .gp3)),
        ("InvalidSnapshot.NotFound", .init(availabilityZone: "us-east-1a", snapshotID: "snap-00000000")),
        ("InvalidSnapshotID.Malformed", .init(availabilityZone: "us-east-1a", snapshotID: "x")),
    ]

    @Test("are refused for what cannot be", arguments: refusals)
    mutating func refused(code: String, input: EC2.CreateVolumeRequest) {
        #expect(cloud.refusal(of: CreateVolume.self, input) == code)
        #expect(cloud.state.volumes.count == 0)
    }

    @Test("of a snapshot are at least as large as it")
    mutating func snapshot() throws {
        let snapshot = try #require(cloud.image().blockDevices.first?.ebs?.snapshot).description
        let id = try made(.init(availabilityZone: "us-east-1a", snapshotID: snapshot))
        #expect(try shown(id).size == 8 && shown(id).snapshotID == snapshot)
        #expect(
            cloud.refusal(of: CreateVolume.self, .init(availabilityZone: "us-east-1a", size: 7, snapshotID: snapshot))
                == "InvalidParameterValue")
        cloud.become(TestCloud.stranger)
        #expect(
            cloud.refusal(of: CreateVolume.self, .init(availabilityZone: "us-east-1a", snapshotID: snapshot))
                == "InvalidSnapshot.NotFound")
    }

    @Test("go once they are free, and can then not be deleted again")
    mutating func deleted() throws {
        let id = try made(.init(availabilityZone: "us-east-1a", size: 1)).description
        try cloud.perform(DeleteVolume.self, .init(volumeID: id))
        #expect(try cloud.perform(DescribeVolumes.self, .init(volumeIDs: [id])).volumes.map(\.state) == [.deleting])
        #expect(cloud.refusal(of: DeleteVolume.self, .init(volumeID: id)) == "InvalidVolume.NotFound")
        #expect(cloud.refusal(of: DeleteVolume.self, .init(volumeID: "x")) == "InvalidParameterValue")
        let instance = try cloud.running()
        let root = try root(of: instance)
        #expect(cloud.refusal(of: DeleteVolume.self, .init(volumeID: root.description)) == "VolumeInUse")
    }

    private func root(of instance: InstanceID) throws -> VolumeID {
        let record = try #require(cloud.state.instances[instance])
        return try #require(cloud.state.mappings(of: record).first).volume.id
    }

    @Test("are attached to and detached from stopped instances")
    mutating func attached() throws {
        let instance = try cloud.stopped()
        let zone = try #require(cloud.state.instances[instance]?.availabilityZone)
        let id = try made(.init(availabilityZone: zone, size: 1))
        let input = EC2.AttachVolumeRequest(
            device: "/dev/sdf", instanceID: instance.description, volumeID: id.description)
        let attachment = try cloud.perform(AttachVolume.self, input)
        #expect(attachment.state == .attaching && attachment.deleteOnTermination == false)
        #expect(try shown(id).state == .inUse && shown(id).attachments.map(\.state) == [.attached])
        #expect(try cloud.described(instance)?.blockDeviceMappings.map(\.deviceName) == ["/dev/xvda", "/dev/sdf"])
        #expect(cloud.refusal(of: AttachVolume.self, input) == "VolumeInUse")
        let other = try made(.init(availabilityZone: zone, size: 1))
        #expect(
            cloud.refusal(
                of: AttachVolume.self,
                .init(device: "/dev/sdf", instanceID: instance.description, volumeID: other.description))
                == "InvalidParameterValue")
        #expect(
            cloud.refusal(of: DetachVolume.self, .init(device: "/dev/sdg", volumeID: id.description))
                == "InvalidAttachment.NotFound")
        #expect(try cloud.perform(DetachVolume.self, .init(volumeID: id.description)).state == .detaching)
        #expect(try shown(id).state == .available && shown(id).attachments.isEmpty)
        #expect(cloud.refusal(of: DetachVolume.self, .init(volumeID: id.description)) == "IncorrectState")
    }

    @Test("can be filtered, and their status asked for")
    mutating func described() throws {
        let id = try made(
            .init(
                availabilityZone: "us-east-1b", size: 5,
                tagSpecifications: [.init(resourceType: "volume", tags: [.init(key: "a", value: "b")])]))
        _ = try cloud.running()
        for (name, value) in [
            ("size", "5"), ("status", "available"), ("availability-zone-id", "use1-az2"), ("tag:a", "b"),
            ("encrypted", "false"), ("volume-type", "gp2"), ("volume-id", id.description),
        ] {
            let filters = [
                EC2.Filter(name: name, values: [value]), EC2.Filter(name: "availability-zone", values: ["us-east-1b"]),
            ]
            #expect(
                try cloud.perform(DescribeVolumes.self, .init(filters: filters)).volumes.map(\.volumeID)
                    == [id.description], "\(name)")
        }
        let status = try DescribeVolumeStatus.answer(
            .init(volumeIDs: [id.description]), in: cloud.transaction, DiskObservation()
        ).volumeStatuses
        #expect(status.map(\.volumeStatus?.status) == [.ok])
        let attribute = try cloud.perform(
            DescribeVolumeAttribute.self, .init(attribute: .autoEnableIO, volumeID: id.description))
        #expect(attribute.autoEnableIO?.value == false)
        #expect(try cloud.perform(DescribeVolumesModifications.self, .init()).volumesModifications.isEmpty)
        #expect(
            cloud.refusal(of: DescribeVolumesModifications.self, .init(volumeIDs: [id.description]))
                == "InvalidVolumeModification.NotFound")
    }

    @Test("tell how far they are filled, and by when where their rate is known")
    mutating func filling() throws {
        let snapshot = SnapshotRecord(
            id: cloud.transaction.newID(), account: TestCloud.account, sizeGiB: 2, description: "",
            startedAt: cloud.transaction.now)
        cloud.transaction.put(snapshot)
        var volume = VolumeRecord(
            id: cloud.transaction.newID(), account: TestCloud.account, availabilityZone: "us-east-1a", sizeGiB: 2,
            volumeType: "gp3", snapshot: snapshot.id, createdAt: cloud.transaction.now)
        (volume.state, volume.isRealised, volume.isFilled) = (.available, true, false)
        let id = volume.id
        func told(
            _ volume: VolumeRecord, _ filling: DiskObservation.Filling?
        ) throws -> (String?, EC2.InitializationStatusDetails?) {
            var records = cloud.transaction
            records.put(volume)
            let item = try DescribeVolumeStatus.answer(
                .init(volumeIDs: [id.description]), in: records,
                DiskObservation(fillings: filling.map { [id: $0] } ?? [:])
            ).volumeStatuses.first
            let detail = item?.volumeStatus?.details.first { $0.name == .initializationState }
            return (detail?.status, item?.initializationStatusDetails)
        }
        var (state, details) = try told(volume, .init(blocks: 2_000, filled: 500))
        #expect(state == "initializing" && details?.initializationType == .default && details?.progress == 25)
        #expect(details?.estimatedTimeToCompleteInSeconds == nil)
        volume.initializationRate = 100
        (state, details) = try told(volume, .init(blocks: 2_000, filled: 500))
        #expect(details?.initializationType == .provisionedRate && details?.estimatedTimeToCompleteInSeconds == 8)
        (state, details) = try told(volume, .init(blocks: 2_000, filled: 2_000))
        #expect(state == "initializing" && details?.progress == 99)
        (state, details) = try told(volume, nil)
        #expect(details?.progress == 0 && details?.estimatedTimeToCompleteInSeconds == nil)
        volume.isFilled = true
        (state, details) = try told(volume, nil)
        #expect(state == "completed" && details?.progress == 100 && details?.estimatedTimeToCompleteInSeconds == 0)
        volume.source = id
        #expect(try told(volume, nil).1?.initializationType == .volumeCopy)
    }

    @Test("of a guest that waits for room on the host's disk are impaired", arguments: ["gp2", "gp3"])
    mutating func starved(type: String) throws {
        let instance: InstanceID = cloud.transaction.newID()
        var volume = VolumeRecord(
            id: cloud.transaction.newID(), account: TestCloud.account, availabilityZone: "us-east-1a", sizeGiB: 2,
            volumeType: type, snapshot: nil, createdAt: cloud.transaction.now)
        (volume.state, volume.isRealised) = (.inUse, true)
        volume.attachments = [
            VolumeRecord.Attachment(
                instance: instance, deviceName: "/dev/sdf", state: .attached, attachedAt: cloud.transaction.now,
                deleteOnTermination: false)
        ]
        cloud.transaction.put(volume)
        let filter = EC2.Filter(name: "volume-status.status", values: ["impaired"])
        let input = EC2.DescribeVolumeStatusRequest(filters: [filter])
        let well = try DescribeVolumeStatus.answer(input, in: cloud.transaction, DiskObservation())
        #expect(well.volumeStatuses.isEmpty)
        let found = try DescribeVolumeStatus.answer(
            input, in: cloud.transaction, DiskObservation(starvedGuests: [instance])
        ).volumeStatuses
        #expect(found.map(\.volumeID) == [volume.id.description])
        let details = found.first?.volumeStatus?.details.map(\.status)
        #expect(details == (type == "gp3" ? ["passed", "stalled"] : ["failed", "not-applicable"]))
    }

    @Test("of a launch follow the image and the request's mappings")
    mutating func mappings() throws {
        let snapshot = SnapshotRecord(
            id: cloud.transaction.newID(), account: TestCloud.account, sizeGiB: 2, description: "",
            startedAt: cloud.transaction.now)
        cloud.transaction.put(snapshot)
        let image = cloud.image {
            $0.blockDevices.append(.init(deviceName: "/dev/sdb", ebs: .init(snapshot: snapshot.id, sizeGiB: 4)))
            $0.blockDevices.append(.init(deviceName: "/dev/sdc", ebs: .init(snapshot: nil, sizeGiB: 6)))
        }
        var input = EC2.RunInstancesRequest(
            imageID: image.id.description, instanceType: "t3.micro", maxCount: 1, minCount: 1)
        input.blockDeviceMappings = [
            .init(
                ebs: .init(deleteOnTermination: false, volumeSize: 20, volumeType: .gp3, throughput: 200),
                deviceName: "/dev/xvda"),
            .init(noDevice: "", deviceName: "/dev/sdc"), .init(ebs: .init(volumeSize: 3), deviceName: "/dev/sdf"),
        ]
        let id = try cloud.running(input)
        let shown = try #require(try cloud.described(id)).blockDeviceMappings
        #expect(shown.map(\.deviceName) == ["/dev/xvda", "/dev/sdb", "/dev/sdf"])
        #expect(shown.map { $0.ebs?.deleteOnTermination } == [false, true, true])
        let volumes = cloud.state.mappings(of: try #require(cloud.state.instances[id])).map(\.volume)
        #expect(volumes.map(\.sizeGiB) == [20, 4, 3] && volumes.map(\.throughput) == [200, 125, nil])
        #expect(volumes.map(\.snapshot) == [image.blockDevices[0].ebs?.snapshot, snapshot.id, nil])
        input.blockDeviceMappings = [.init(noDevice: "", deviceName: "/dev/xvda")]
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidBlockDeviceMapping")
        input.blockDeviceMappings = [.init(ebs: .init(volumeSize: 7), deviceName: "/dev/xvda")]
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidBlockDeviceMapping")
    }
}
