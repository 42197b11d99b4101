import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Changes of volumes")
struct ModifyVolumeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func made(
        _ type: EC2.VolumeType = .gp2, size: Int = 10, iops: Int? = nil
    ) throws -> String {
        let input = EC2.CreateVolumeRequest(availabilityZone: "us-east-1a", iops: iops, size: size, volumeType: type)
        let id = try #require(VolumeID(try cloud.perform(CreateVolume.self, input).volumeID ?? ""))
        cloud.transaction.update(id) { (volume: inout VolumeRecord) in
            (volume.isRealised, volume.state) = (true, .available)
        }
        return id.description
    }

    /// What the reconciler writes once the world has followed.
    private mutating func complete(_ id: String) throws {
        cloud.transaction.update(try #require(VolumeID(id))) { (volume: inout VolumeRecord) in
            guard let target = volume.modification?.target else { return }
            volume.figures = target
            volume.modification?.state = .completed
        }
    }

    private mutating func last(_ id: String) throws -> EC2.VolumeModification? {
        try cloud.perform(DescribeVolumesModifications.self, .init(volumeIDs: [id])).volumesModifications.first
    }

    @Test("tell what was, what will be, and how far they are")
    mutating func told() throws {
        let id = try made()
        let answer = try #require(
            try cloud.perform(ModifyVolume.self, .init(volumeID: id, size: 20, volumeType: .gp3, iops: 4_000))
                .volumeModification)
        #expect(answer.modificationState == .modifying && answer.progress == 0 && answer.endTime == nil)
        #expect(answer.originalSize == 10 && answer.originalVolumeType == .gp2 && answer.originalIOPS == 100)
        #expect(answer.targetSize == 20 && answer.targetVolumeType == .gp3 && answer.targetIOPS == 4_000)
        #expect(answer.originalThroughput == nil && answer.targetThroughput == 125)
        #expect(try last(id)?.modificationState == .modifying)
        try complete(id)
        #expect(try last(id)?.progress == 100)
        let volume = try #require(try cloud.perform(DescribeVolumes.self, .init(volumeIDs: [id])).volumes.first)
        #expect(volume.size == 20 && volume.iops == 4_000 && volume.throughput == 125 && volume.volumeType == .gp3)
    }

    @Test("leave what is not named as it is")
    mutating func kept() throws {
        let id = try made(.io2, size: 100, iops: 2_000)
        let modification = try #require(
            try cloud.perform(ModifyVolume.self, .init(volumeID: id, size: 200)).volumeModification)
        #expect(modification.targetIOPS == 2_000 && modification.targetVolumeType == .io2)
        let other = try made(.gp3, size: 10)
        let faster = try #require(
            try cloud.perform(ModifyVolume.self, .init(volumeID: other, throughput: 300)).volumeModification)
        #expect(faster.targetIOPS == 3_000 && faster.targetThroughput == 300 && faster.targetSize == 10)
    }

    private static let refusals: [(String, EC2.ModifyVolumeRequest)] = [
        ("MissingParameter", .init(volumeID: "")), ("InvalidParameterValue", .init(volumeID: "", size: 9)),
        ("InvalidParameterValue", .init(volumeID: "", size: 16_385)),
        ("InvalidParameterValue", .init(volumeID: "", size: 100, volumeType: .st1)),
        ("InvalidParameterCombination", .init(volumeID: "", iops: 300)),
        ("InvalidParameterCombination", .init(volumeID: "", throughput: 300)),
        ("InvalidParameterValue", .init(volumeID: "", volumeType: .gp3, iops: 6_000)),
        ("UnsupportedOperation", .init(volumeID: "", volumeType: .standard)),
        ("InvalidParameterCombination", .init(volumeID: "", multiAttachEnabled: true)),
        ("UnsupportedOperation", .init(volumeID: "", volumeType: .io2, iops: 100, multiAttachEnabled: true)),
    ]

    @Test("are refused for what cannot be", arguments: refusals)
    mutating func refused(code: String, input: EC2.ModifyVolumeRequest) throws {
        var input = input
        input.volumeID = try made()
        #expect(cloud.refusal(of: ModifyVolume.self, input) == code)
        #expect(
            cloud.refusal(of: DescribeVolumesModifications.self, .init(volumeIDs: [input.volumeID]))
                == "InvalidVolumeModification.NotFound")
        #expect(
            cloud.refusal(of: ModifyVolume.self, .init(volumeID: "vol-00000000", size: 20)) == "InvalidVolume.NotFound")
    }

    @Test("come one after another, four in any 24 hours")
    mutating func rate() throws {
        let id = try made()
        for size in 11...14 {
            try cloud.perform(ModifyVolume.self, .init(volumeID: id, size: size))
            #expect(
                cloud.refusal(of: ModifyVolume.self, .init(volumeID: id, size: 20)) == "IncorrectModificationState")
            try complete(id)
            cloud.advance(seconds: 6 * 3_600 - 1)
        }
        #expect(
            cloud.refusal(of: ModifyVolume.self, .init(volumeID: id, size: 20)) == "VolumeModificationRateExceeded")
        cloud.advance(seconds: 5)
        try cloud.perform(ModifyVolume.self, .init(volumeID: id, size: 20))
    }

    @Test("can be filtered and come in pages")
    mutating func described() throws {
        let ids = [try made(), try made(.gp3), try made()]
        for id in ids.prefix(2) { try cloud.perform(ModifyVolume.self, .init(volumeID: id, size: 20)) }
        try complete(ids[1])
        for (name, value, expected) in [
            ("modification-state", "modifying", 1), ("modification-state", "completed", 1), ("target-size", "20", 2),
            ("original-size", "10", 2), ("original-volume-type", "gp3", 1), ("volume-id", ids[0], 1),
            ("target-iops", "3000", 1), ("targetMultiAttachEnabled", "false", 2),
        ] {
            let input = EC2.DescribeVolumesModificationsRequest(filters: [.init(name: name, values: [value])])
            let found = try cloud.perform(DescribeVolumesModifications.self, input).volumesModifications
            #expect(found.count == expected, "\(name)")
        }
        let page = try cloud.perform(DescribeVolumesModifications.self, .init(maxResults: 1))
        #expect(page.volumesModifications.count == 1)
        let next = try cloud.perform(
            DescribeVolumesModifications.self, .init(nextToken: page.nextToken, maxResults: 1))
        #expect(next.volumesModifications.count == 1 && next.nextToken == nil)
    }

    @Test("of attributes are kept and read back, and enabling I/O asks for a volume of the caller's")
    mutating func attributes() throws {
        let id = try made()
        try cloud.perform(ModifyVolumeAttribute.self, .init(autoEnableIO: .init(value: true), volumeID: id))
        let attribute = try cloud.perform(
            DescribeVolumeAttribute.self, .init(attribute: .autoEnableIO, volumeID: id))
        #expect(attribute.autoEnableIO?.value == true)
        #expect(cloud.refusal(of: ModifyVolumeAttribute.self, .init(volumeID: id)) == "MissingParameter")
        try cloud.perform(EnableVolumeIO.self, .init(volumeID: id))
        #expect(cloud.refusal(of: EnableVolumeIO.self, .init(volumeID: "vol-00000000")) == "InvalidVolume.NotFound")
    }
}
