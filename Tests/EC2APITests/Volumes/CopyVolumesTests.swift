import AWSWire
import CloudTypes
import NodeContract
import Testing

@testable import ControlPlane
@testable import EC2API

@Suite("Copies of volumes")
struct CopyVolumesTests {
    private var cloud: TestCloud
    private var source = ""

    init() throws {
        cloud = try TestCloud()
        source = try made(state: .available)
    }

    private mutating func made(state: VolumeRecord.State) throws -> String {
        let volume = try cloud.perform(
            CreateVolume.self, .init(availabilityZone: "us-east-1b", size: 10, volumeType: .gp3))
        let id = try #require(VolumeID(volume.volumeID ?? ""))
        cloud.transaction.update(id) { (volume: inout VolumeRecord) in
            (volume.isRealised, volume.state) = (true, state)
        }
        return id.description
    }

    private mutating func copy(_ input: EC2.CopyVolumesRequest) throws -> VolumeRecord {
        let shown = try #require(try cloud.perform(CopyVolumes.self, input).volumes.first)
        #expect(shown.state == .creating && shown.sourceVolumeID == source && shown.snapshotID == "")
        return try #require(VolumeID(shown.volumeID ?? "").flatMap { cloud.state.volumes[$0] })
    }

    private mutating func change(_ id: SnapshotID?, to state: SnapshotRecord.State) throws {
        cloud.transaction.update(try #require(id)) { (snapshot: inout SnapshotRecord) in
            (snapshot.state, snapshot.isMomentHeld) = (state, true)
        }
    }

    private mutating func fill(_ id: VolumeID) throws {
        cloud.transaction.noteFilled(id)
    }

    private mutating func changeVolume(_ id: VolumeID, _ change: (inout VolumeRecord) -> Void) {
        cloud.transaction.update(id) { (volume: inout VolumeRecord) in change(&volume) }
    }

    private func step(_ id: VolumeID) throws -> VolumeStep {
        VolumeLifecycle(try #require(cloud.state.volumes[id]), in: cloud.state).step
    }

    @Test("are in the source's zone, as large, and gp2 where nothing else is said")
    mutating func figures() throws {
        let plain = try copy(.init(sourceVolumeID: source))
        #expect(plain.availabilityZone == "us-east-1b" && plain.sizeGiB == 10 && plain.volumeType == "gp2")
        try fill(plain.id)
        let other = try copy(
            .init(sourceVolumeID: source, iops: 500, size: 20, volumeType: .io1))
        #expect(other.sizeGiB == 20 && other.volumeType == "io1" && other.iops == 500)
    }

    @Test("are there once the moment of their source is held, which nobody else sees, and are filled once it is stored")
    mutating func moment() throws {
        let volume = try copy(.init(sourceVolumeID: source))
        let moment = try #require(volume.snapshot)
        #expect(try step(volume.id) == .awaitGuest)
        try change(moment, to: .pending)
        #expect(try step(volume.id) == .create)
        changeVolume(volume.id) { ($0.isRealised, $0.state) = (true, .available) }
        #expect(try step(volume.id) == .awaitGuest)
        try change(moment, to: .completed)
        #expect(try step(volume.id) == .fill(in: nil))
        let name = moment.description
        #expect(try cloud.perform(DescribeSnapshots.self, .init(ownerIDs: ["self"])).snapshots.isEmpty)
        #expect(cloud.refusal(of: DescribeSnapshots.self, .init(snapshotIDs: [name])) == "InvalidSnapshot.NotFound")
        #expect(cloud.refusal(of: DeleteSnapshot.self, .init(snapshotID: name)) == "InvalidSnapshot.NotFound")
        #expect(
            cloud.refusal(of: CreateVolume.self, .init(availabilityZone: "us-east-1b", snapshotID: name))
                == "InvalidSnapshot.NotFound")
        let filters = [EC2.Filter(name: "snapshot-id", values: [name])]
        #expect(try cloud.perform(DescribeVolumes.self, .init(filters: filters)).volumes.isEmpty)
    }

    @Test("leave the order of their source's snapshots as it is")
    mutating func order() throws {
        let id = try #require(VolumeID(source))
        let first = try cloud.transaction.createSnapshot(SnapshotOrder(volume: id))
        let moment = try #require(try copy(.init(sourceVolumeID: source)).snapshot)
        let second = try cloud.transaction.createSnapshot(SnapshotOrder(volume: id))
        #expect(second.parent == first.id && second.number == 2)
        try change(moment, to: .pending)
        let record = try #require(cloud.state.snapshots[moment])
        let spec = SnapshotSpec(id: moment, volume: id, sizeGiB: 10, marksChanges: false)
        #expect(SnapshotLifecycle(record, in: cloud.state).step == .store(spec))
        try change(first.id, to: .completed)
        try change(second.id, to: .pending)
        let next = try #require(cloud.state.snapshots[second.id])
        #expect(
            SnapshotLifecycle(next, in: cloud.state).step
                == .store(SnapshotSpec(id: second.id, volume: id, sizeGiB: 10, parent: first.id)))
    }

    @Test("are in error where the moment of their source is lost, those in use once they are let go of")
    mutating func lost() throws {
        let volume = try copy(.init(sourceVolumeID: source))
        let instance = try #require(InstanceID("i-0123456789abcdef0"))
        changeVolume(volume.id) { volume in
            (volume.isRealised, volume.state) = (true, .inUse)
            volume.attachments = [
                .init(
                    instance: instance, deviceName: "/dev/sdf", state: .attached, attachedAt: volume.createdAt,
                    deleteOnTermination: false)
            ]
        }
        try change(volume.snapshot, to: .error)
        #expect(try step(volume.id) == .abandon)
        cloud.transaction.abandonCopy(volume.id)
        #expect(cloud.state.volumes[volume.id]?.state == .inUse)
        let shown = try DescribeVolumeStatus.answer(
            .init(volumeIDs: [volume.id.description]), in: cloud.transaction, DiskObservation())
        #expect(shown.volumeStatuses.first?.volumeStatus?.status == .impaired)
        cloud.transaction.release(volume.id, from: instance)
        #expect(cloud.state.volumes[volume.id]?.state == .error)
        try cloud.perform(DeleteVolume.self, .init(volumeID: volume.id.description))
    }

    @Test("are never read by a guest of which others read copies that are not stored")
    mutating func circles() throws {
        let (first, second) = (
            try #require(InstanceID("i-0123456789abcdef0")), try #require(InstanceID("i-0123456789abcdef1"))
        )
        func attach(_ id: VolumeID, _ instance: InstanceID, _ state: VolumeRecord.Attachment.State) {
            changeVolume(id) { volume in
                (volume.isRealised, volume.state) = (true, .inUse)
                volume.attachments = [
                    .init(
                        instance: instance, deviceName: "/dev/sdf", state: state, attachedAt: volume.createdAt,
                        deleteOnTermination: false)
                ]
            }
        }
        let source = try #require(VolumeID(source))
        attach(source, first, .attached)
        let volume = try copy(.init(sourceVolumeID: source.description))
        try change(volume.snapshot, to: .pending)
        #expect(cloud.state.isReadByCopies(first) && !cloud.state.readsMoments(first))
        attach(volume.id, first, .attaching)
        #expect(try step(volume.id) == .awaitGuest)
        attach(volume.id, second, .attaching)
        #expect(!cloud.state.closesCircle(try #require(cloud.state.volumes[volume.id]), in: second))
        // What the second guest has is copied only once the copy that it reads is stored.
        let other = try #require(VolumeID(try made(state: .available)))
        attach(other, second, .attached)
        let back = try cloud.transaction.copyVolume(VolumeCopyOrder(source: other))
        try change(back.snapshot, to: .pending)
        #expect(try step(back.id) == .awaitGuest)
        try change(back.snapshot, to: .completed)
        #expect(try step(back.id) == .create)
        try change(volume.snapshot, to: .completed)
        attach(volume.id, first, .attaching)
        #expect(!cloud.state.closesCircle(try #require(cloud.state.volumes[volume.id]), in: first))
    }

    @Test("are made one at a time of a volume, of none that is changed or a copy under way, and five at once")
    mutating func concurrency() throws {
        let volume = try copy(.init(sourceVolumeID: source))
        #expect(
            cloud.refusal(of: CopyVolumes.self, .init(sourceVolumeID: source)) == "ConcurrentCopyVolumeLimitExceeded")
        changeVolume(volume.id) { ($0.isRealised, $0.state) = (true, .available) }
        let shown = volume.id.description
        #expect(cloud.refusal(of: CopyVolumes.self, .init(sourceVolumeID: shown)) == "IncorrectState")
        try fill(volume.id)
        #expect(cloud.refusal(of: CopyVolumes.self, .init(sourceVolumeID: shown)) == nil)
        try cloud.perform(ModifyVolume.self, .init(volumeID: source, size: 20))
        #expect(cloud.refusal(of: CopyVolumes.self, .init(sourceVolumeID: source)) == "IncorrectModificationState")
        for _ in 0..<4 {
            _ = try cloud.perform(CopyVolumes.self, .init(sourceVolumeID: try made(state: .available)))
        }
        let sixth = try made(state: .available)
        #expect(cloud.refusal(of: CopyVolumes.self, .init(sourceVolumeID: sixth)) == "CopyVolumesLimitExceeded")
    }

    @Test("keep what they read for their own snapshots when they are deleted")
    mutating func deleted() throws {
        let volume = try copy(.init(sourceVolumeID: source))
        let moment = try #require(volume.snapshot)
        try change(moment, to: .pending)
        changeVolume(volume.id) { ($0.isRealised, $0.state) = (true, .available) }
        let own = try cloud.transaction.createSnapshot(SnapshotOrder(volume: volume.id))
        try change(own.id, to: .pending)
        try cloud.perform(DeleteVolume.self, .init(volumeID: volume.id.description))
        #expect(try step(volume.id) == .awaitGuest)
        try change(moment, to: .completed)
        #expect(try step(volume.id) == .remove)
        cloud.transaction.removeVolume(volume.id)
        func stepOfMoment() throws -> SnapshotStep {
            SnapshotLifecycle(try #require(cloud.state.snapshots[moment]), in: cloud.state).step
        }
        #expect(try stepOfMoment() == .await)
        try change(own.id, to: .completed)
        #expect(try stepOfMoment() == .remove)
    }

    private static let refusals: [(String, EC2.CopyVolumesRequest)] = [
        ("InvalidVolume.NotFound", .init(sourceVolumeID: "vol-00000000")),
        ("InvalidParameterValue", .init(sourceVolumeID: "x")),
        ("InvalidParameterValue", .init(sourceVolumeID: "", size: 9)),
        ("InvalidParameterValue", .init(sourceVolumeID: "", volumeType: .st1)),
        ("MissingParameter", .init(sourceVolumeID: "", volumeType: .io2)),
        ("InvalidParameterCombination", .init(sourceVolumeID: "", throughput: 200)),
        ("InvalidParameterCombination", .init(sourceVolumeID: "", multiAttachEnabled: true)),
    ]

    @Test("are refused for what cannot be, and leave nothing", arguments: refusals)
    mutating func refused(code: String, input: EC2.CopyVolumesRequest) throws {
        var input = input
        if input.sourceVolumeID.isEmpty { input.sourceVolumeID = source }
        #expect(cloud.refusal(of: CopyVolumes.self, input) == code)
        #expect(cloud.state.volumes.count == 1 && cloud.state.snapshots.count == 0)
    }

    @Test("are made of volumes that are there, by their owner")
    mutating func sources() throws {
        let creating = try made(state: .creating)
        #expect(cloud.refusal(of: CopyVolumes.self, .init(sourceVolumeID: creating)) == "IncorrectState")
        cloud.become(TestCloud.stranger)
        #expect(cloud.refusal(of: CopyVolumes.self, .init(sourceVolumeID: source)) == "InvalidVolume.NotFound")
    }
}
