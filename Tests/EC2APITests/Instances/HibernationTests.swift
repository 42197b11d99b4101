import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("An instance that hibernates")
struct HibernationTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud { $0.capabilities.memoryMiB = 262_144 } }

    private mutating func request(_ change: LaunchChange = { _ in }) -> EC2.RunInstancesRequest {
        var input = cloud.request()
        input.hibernationOptions = .init(configured: true)
        input.blockDeviceMappings = [.init(ebs: .init(encrypted: true), deviceName: "/dev/xvda")]
        change(&input)
        return input
    }

    private mutating func hibernated(_ change: LaunchChange = { _ in }) throws -> InstanceID {
        let id = try cloud.running(request(change))
        try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description], hibernate: true))
        cloud.transaction.becomeHibernated(id)
        return id
    }

    private static let refusals: [(String, LaunchChange)] = [
        ("UnsupportedHibernationConfiguration", { $0.blockDeviceMappings = [] }),
        ("UnsupportedHibernationConfiguration", { $0.instanceType = "m5.xlarge" }),
        ("UnsupportedHibernationConfiguration", { $0.instanceType = "c5a.large" }),
        ("UnsupportedHibernationConfiguration", { $0.blockDeviceMappings[0].ebs?.volumeType = .standard }),
        ("UnsupportedOperation", { $0.instanceType = "m5d.large" }),
    ]

    @Test("is launched where its memory can be saved beside its root, in secret", arguments: refusals.indices)
    mutating func refused(_ place: Int) throws {
        let (code, change) = HibernationTests.refusals[place]
        let input = request(change)
        #expect(cloud.refusal(of: RunInstances.self, input) == code)
        #expect(cloud.state.instances.count == 0 && cloud.state.volumes.count == 0)
    }

    @Test("stops with its memory, tells so, and goes on with it when it is started")
    mutating func stopped() throws {
        let id = try hibernated()
        let stopped = try #require(cloud.state.instances[id])
        #expect(stopped.state == .stopped && stopped.hibernation == .saved(launch: 1))
        let shown = try #require(try cloud.described(id))
        #expect(
            shown.stateReason?.code == "Client.UserInitiatedHibernate" && shown.hibernationOptions?.configured == true)
        try cloud.perform(StartInstances.self, .init(instanceIDs: [id.description]))
        let starting = try #require(cloud.state.instances[id])
        let spec = try #require(GuestSpec(of: starting, in: cloud.state, settings: cloud.transaction.settings))
        #expect(spec.launch == 2 && spec.resumes == 1)
        cloud.settle(id)
        #expect(cloud.state.instances[id]?.hibernation == nil)
    }

    @Test("is one that was launched for it, is in no hurry, and keeps its type")
    mutating func asked() throws {
        let plain = try cloud.running().description
        #expect(
            cloud.refusal(of: StopInstances.self, .init(instanceIDs: [plain], hibernate: true))
                == "UnsupportedHibernationConfiguration")
        let id = try hibernated()
        #expect(
            cloud.refusal(of: StopInstances.self, .init(instanceIDs: [id.description], hibernate: true, force: true))
                == "InvalidParameterCombination")
        let change = EC2.ModifyInstanceAttributeRequest(
            instanceID: id.description, instanceType: .init(value: "t3.small"))
        #expect(cloud.refusal(of: ModifyInstanceAttribute.self, change) == "UnsupportedOperation")
    }

    @Test("boots when a volume left it meanwhile, and shuts down where its memory cannot be saved")
    mutating func withoutMemory() throws {
        let id = try hibernated { input in
            input.blockDeviceMappings.append(.init(ebs: .init(volumeSize: 1), deviceName: "/dev/sdf"))
        }
        let volume = try #require(
            cloud.state.volumes.all(where: IndexKey(.instance, id)).first { $0.attachments[0].deviceName == "/dev/sdf" }
        )
        try cloud.perform(DetachVolume.self, .init(volumeID: volume.id.description))
        #expect(cloud.state.instances[id]?.hibernation == nil)
        let other = try cloud.running(request())
        try cloud.perform(StopInstances.self, .init(instanceIDs: [other.description], hibernate: true))
        cloud.advance(seconds: 60)
        cloud.transaction.shutDownInstead(other)
        let stopping = try #require(cloud.state.instances[other])
        #expect(
            stopping.hibernation == nil && stopping.state == .stopping && stopping.stateSince == cloud.transaction.now)
    }

    @Test("as a spot instance does so at once when it is taken away, and goes on when there is room")
    mutating func spot() throws {
        var input = request { $0.instanceMarketOptions = .init(marketType: .spot) }
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidParameterCombination")
        input.instanceMarketOptions?.spotOptions = .init(
            spotInstanceType: .persistent, instanceInterruptionBehavior: .stop)
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidParameterCombination")
        input.instanceMarketOptions?.spotOptions = .init(spotInstanceType: .persistent)
        let id = try cloud.running(input)
        let request = try #require(cloud.state.instances[id]?.spot?.request)
        try cloud.transaction.noticeInterruption(of: id)
        let metadata = InstanceMetadata(
            of: try #require(cloud.state.instances[id]), in: cloud.state, settings: cloud.transaction.settings)
        #expect(metadata.notice?.action == "hibernate" && metadata.hibernates == true)
        advance(request)
        #expect(cloud.state.instances[id]?.hibernation == .saving)
        cloud.transaction.becomeHibernated(id)
        advance(request)
        #expect(cloud.state.spotRequests[request]?.status.code == "instance-stopped-no-capacity")
        advance(request)
        let again = try #require(cloud.state.instances[id])
        #expect(again.state == .pending && again.hibernation == .saved(launch: 1))
    }

    private mutating func advance(_ id: SpotRequestID) {
        cloud.transaction.advanceSpotRequest(id) { parameters, transaction throws(EC2Error) in
            try LaunchOrder(parameters: parameters, in: transaction)
        }
    }
}
