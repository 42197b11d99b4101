import AWSWire
import CloudTypes
import ControlPlane
import Testing

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

    private func step(_ id: VolumeID) throws -> VolumeStep {
        VolumeLifecycle(try #require(cloud.state.volumes[id]), in: cloud.state).step
    }

    @Test("are in the source's zone, as large, and gp2 where nothing else is said")
    mutating func figures() throws {
        let plain = try copy(.init(sourceVolumeID: source))
        #expect(plain.availabilityZone == "us-east-1b" && plain.sizeGiB == 10 && plain.volumeType == "gp2")
        let other = try copy(
            .init(sourceVolumeID: source, iops: 500, size: 20, volumeType: .io1))
        #expect(other.sizeGiB == 20 && other.volumeType == "io1" && other.iops == 500)
    }

    @Test("wait for the moment of their source, which nobody else sees, and let go of it when they are filled")
    mutating func moment() throws {
        let volume = try copy(.init(sourceVolumeID: source))
        let moment = try #require(volume.snapshot)
        #expect(try step(volume.id) == .awaitGuest)
        try change(moment, to: .completed)
        #expect(try step(volume.id) == .create)
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

    @Test("are in error where the moment of their source is lost")
    mutating func lost() throws {
        let volume = try copy(.init(sourceVolumeID: source))
        try change(volume.snapshot, to: .error)
        #expect(try step(volume.id) == .abandon)
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
