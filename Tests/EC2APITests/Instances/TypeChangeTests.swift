import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("An instance that changes its type")
struct TypeChangeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func change(_ id: InstanceID, to type: String) throws {
        try cloud.perform(
            ModifyInstanceAttribute.self, .init(instanceID: id.description, instanceType: .init(value: type)))
    }

    private mutating func refusal(_ id: InstanceID, to type: String) -> String? {
        cloud.refusal(
            of: ModifyInstanceAttribute.self, .init(instanceID: id.description, instanceType: .init(value: type)))
    }

    /// What the node would boot.
    private func spec(_ id: InstanceID) throws -> GuestSpec {
        let instance = try #require(cloud.state.instances[id])
        return try #require(GuestSpec(of: instance, in: cloud.state, settings: cloud.transaction.settings))
    }

    @Test("has the new type's ceiling for its volumes")
    mutating func ceiling() throws {
        let id = try cloud.stopped()
        #expect(try spec(id).diskLimits?.iops == 11_800)
        try change(id, to: "m5.large")
        let limits = try #require(try spec(id).diskLimits)
        #expect(limits.iops == 18_750 && limits.bytesPerSecond == 593_750_000)
        #expect(limits.withoutCredits.iops == 3_600)
        try change(id, to: "c5.9xlarge")
        let large = try #require(try spec(id).diskLimits)
        #expect(large.iops == 40_000 && large.bursts.isEmpty)
        // AWS names no ceiling of this one.
        try change(id, to: "t2.micro")
        #expect(try spec(id).diskLimits == nil)
    }

    @Test("has all NVMe disks of the new type, and none of the old one's")
    mutating func nvme() throws {
        let id = try cloud.stopped()
        #expect(try spec(id).scratch.isEmpty)
        try change(id, to: "m5d.large")
        let disks = try spec(id).scratch
        #expect(disks.map(\.index) == [0] && disks.allSatisfy(\.isNVMe))
        #expect(disks.map { $0.bytes >> 30 } == [69], "75 GB")
        try change(id, to: "m5d.4xlarge")
        #expect(try spec(id).scratch.map(\.index) == [0, 1])
        try change(id, to: "m5.large")
        #expect(try spec(id).scratch.isEmpty)
    }

    @Test("has of other disks those that its launch mapped, as far as the new type has them")
    mutating func mapped() throws {
        var input = cloud.request()
        input.instanceType = "m3.xlarge"
        input.blockDeviceMappings = [
            .init(deviceName: "/dev/sdb", virtualName: "ephemeral0"),
            .init(deviceName: "/dev/sdc", virtualName: "ephemeral1"),
        ]
        let id = try cloud.stopped(input)
        #expect(try spec(id).scratch.map(\.index) == [0, 1])
        try change(id, to: "m3.medium")
        #expect(try spec(id).scratch.map(\.index) == [0])
        try change(id, to: "c3.large")
        #expect(try spec(id).scratch.map(\.index) == [0, 1])
        input.blockDeviceMappings = []
        let bare = try cloud.stopped(input)
        try change(bare, to: "c3.large")
        #expect(try spec(bare).scratch.isEmpty, "what was not mapped at launch never is")
    }

    @Test("has the new type's processors, whatever options it was launched with")
    mutating func processors() throws {
        var input = cloud.request()
        input.instanceType = "m5.2xlarge"
        input.cpuOptions = .init(coreCount: 2, threadsPerCore: 1)
        let id = try cloud.stopped(input)
        let narrow = try spec(id)
        #expect(narrow.vCPUs == 2 && narrow.threadsPerCore == 1)
        try change(id, to: "m5.xlarge")
        #expect(try cloud.described(id)?.cpuOptions == EC2.CpuOptions(coreCount: 2, threadsPerCore: 2))
        let whole = try spec(id)
        #expect(whole.vCPUs == 4 && whole.threadsPerCore == 2 && whole.memoryMiB == 16_384)
        try change(id, to: "m5.2xlarge")
        #expect(try cloud.described(id)?.cpuOptions == EC2.CpuOptions(coreCount: 4, threadsPerCore: 2))
    }

    @Test("keeps its options over a stop and a start")
    mutating func kept() throws {
        var input = cloud.request()
        input.cpuOptions = .init(coreCount: 1, threadsPerCore: 1)
        let id = try cloud.stopped(input)
        try cloud.perform(StartInstances.self, .init(instanceIDs: [id.description]))
        #expect(try cloud.described(id)?.cpuOptions == EC2.CpuOptions(coreCount: 1, threadsPerCore: 1))
    }

    @Test("is refused a type that takes fewer volumes or interfaces than it has")
    mutating func attachments() throws {
        var input = cloud.request()
        input.blockDeviceMappings = ["b", "c", "d"].map {
            .init(ebs: .init(volumeSize: 1), deviceName: "/dev/sd\($0)")
        }
        let id = try cloud.stopped(input)
        #expect(refusal(id, to: "d3.8xlarge") == "AttachmentLimitExceeded")
        #expect(refusal(id, to: "d3.4xlarge") == nil)
        input = cloud.request()
        input.instanceType = "m5.xlarge"
        input.networkInterfaces = (0..<3).map { EC2.InstanceNetworkInterfaceSpecification(deviceIndex: $0) }
        let wide = try cloud.stopped(input)
        #expect(refusal(wide, to: "t3.micro") == "AttachmentLimitExceeded")
        #expect(cloud.state.instances[wide]?.instanceType == "m5.xlarge")
    }

    @Test("is refused as a spot instance")
    mutating func spot() throws {
        var input = cloud.request()
        input.instanceMarketOptions = .init(
            marketType: .spot, spotOptions: .init(spotInstanceType: .persistent, instanceInterruptionBehavior: .stop))
        let id = try cloud.stopped(input)
        #expect(refusal(id, to: "t3.small") == "UnsupportedOperation")
    }
}
