import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("Stopping, starting, rebooting and terminating")
struct StateChangeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func terminate(_ ids: [InstanceID]) throws -> TerminateInstances.Outcome {
        try TerminateInstances.decide(.init(instanceIDs: ids.map(\.description)), &cloud.transaction)
    }

    private func state(_ id: InstanceID) -> ControlPlane.InstanceState? { cloud.state.instances[id]?.state }

    @Test("tells the states before and after")
    mutating func states() throws {
        let id = try cloud.running()
        let stop = try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description])).stoppingInstances
        #expect(stop.map(\.previousState?.name) == [.running] && stop.map(\.currentState?.name) == [.stopping])
        let again = try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description])).stoppingInstances
        #expect(again.map(\.previousState?.name) == [.stopping] && again.map(\.currentState?.name) == [.stopping])
        cloud.settle(id)
        let start = try cloud.perform(StartInstances.self, .init(instanceIDs: [id.description])).startingInstances
        #expect(start.map(\.previousState?.code) == [80] && start.map(\.currentState?.code) == [0])
        cloud.settle(id)
        let end = try terminate([id])
        #expect(end.refusal == nil && end.changes.map(\.currentState?.name) == [.shuttingDown])
        cloud.settle(id)
        #expect(try terminate([id]).changes.map(\.previousState?.name) == [.terminated])
    }

    @Test("keeps private addresses over a stop, and gives a new public one at the start")
    mutating func addresses() throws {
        let id = try cloud.running()
        let before = try #require(try cloud.described(id))
        try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description]))
        cloud.settle(id)
        let stopped = try #require(try cloud.described(id))
        #expect(stopped.publicIPAddress == nil && stopped.publicDNSName == "")
        #expect(stopped.stateReason?.code == "Client.UserInitiatedShutdown")
        #expect(stopped.stateTransitionReason?.hasPrefix("User initiated (") == true)
        cloud.advance(seconds: 60)
        try cloud.perform(StartInstances.self, .init(instanceIDs: [id.description]))
        cloud.settle(id)
        let after = try #require(try cloud.described(id))
        #expect(after.privateIPAddress == before.privateIPAddress && after.publicIPAddress != nil)
        #expect(after.blockDeviceMappings == before.blockDeviceMappings)
        #expect(after.launchTime != before.launchTime && after.stateReason == nil)
        #expect(after.usageOperationUpdateTime == before.usageOperationUpdateTime)
    }

    @Test("fails for all when one id is not right")
    mutating func ids() throws {
        let id = try cloud.running().description
        #expect(
            cloud.refusal(of: StopInstances.self, .init(instanceIDs: [id, "i-00000000"]))
                == "InvalidInstanceID.NotFound")
        #expect(
            cloud.refusal(of: StopInstances.self, .init(instanceIDs: [id, "web"])) == "InvalidInstanceID.Malformed")
        #expect(cloud.refusal(of: RebootInstances.self, .init(instanceIDs: [])) == "MissingParameter")
        cloud.become(TestCloud.stranger)
        #expect(cloud.refusal(of: StopInstances.self, .init(instanceIDs: [id])) == "InvalidInstanceID.NotFound")
        #expect(throws: EC2Error.self) { try terminate([InstanceID(id)!]) }
    }

    @Test("is refused from states where it has no meaning")
    mutating func refused() throws {
        let pending = try cloud.launched(cloud.request())[0].description
        #expect(cloud.refusal(of: StopInstances.self, .init(instanceIDs: [pending])) == "IncorrectInstanceState")
        #expect(cloud.refusal(of: RebootInstances.self, .init(instanceIDs: [pending])) == "IncorrectInstanceState")
        let stopped = try cloud.stopped()
        #expect(
            cloud.refusal(of: RebootInstances.self, .init(instanceIDs: [stopped.description]))
                == "IncorrectInstanceState")
        let gone = try cloud.running()
        _ = try terminate([gone])
        for _ in 0..<2 {
            let ids = [gone.description]
            #expect(cloud.refusal(of: StartInstances.self, .init(instanceIDs: ids)) == "IncorrectInstanceState")
            #expect(cloud.refusal(of: StopInstances.self, .init(instanceIDs: ids)) == "IncorrectInstanceState")
            #expect(cloud.refusal(of: RebootInstances.self, .init(instanceIDs: ids)) == nil)
            cloud.settle(gone)
        }
        #expect(
            cloud.refusal(of: StopInstances.self, .init(instanceIDs: [stopped.description], hibernate: true))
                == "UnsupportedHibernationConfiguration")
    }

    @Test("stops more impatiently when asked again with force, and never less")
    mutating func force() throws {
        let id = try cloud.running()
        try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description], force: true))
        #expect(cloud.state.instances[id]?.shutdown == .forced)
        try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description], skipOSShutdown: true))
        try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description]))
        #expect(cloud.state.instances[id]?.shutdown == .powerCut)
    }

    @Test("spares a protected instance and those named with it in its zone, and refuses all the same")
    mutating func protection() throws {
        var input = cloud.request()
        input.placement = .init(availabilityZone: "us-east-1a")
        let neighbour = try cloud.running(input)
        input.disableAPITermination = true
        let protected = try cloud.running(input)
        input.disableAPITermination = false
        input.placement = .init(availabilityZone: "us-east-1b")
        let other = try cloud.running(input)
        let outcome = try terminate([neighbour, protected, other])
        #expect(outcome.refusal?.code == "OperationNotPermitted")
        #expect(state(neighbour) == .running && state(protected) == .running && state(other) == .shuttingDown)
    }

    @Test("does not stop what is protected from stopping")
    mutating func stopProtection() throws {
        var input = cloud.request()
        input.disableAPIStop = true
        let id = try cloud.running(input)
        #expect(cloud.refusal(of: StopInstances.self, .init(instanceIDs: [id.description])) == "OperationNotPermitted")
        let outcome = try terminate([id])
        #expect(outcome.refusal?.code == "OperationNotPermitted" && state(id) == .running)
        #expect(outcome.refusal?.message.contains("disableApiStop") == true)
        try cloud.perform(
            ModifyInstanceAttribute.self, .init(disableAPIStop: .init(value: false), instanceID: id.description))
        let again = try terminate([id])
        #expect(again.refusal == nil && state(id) == .shuttingDown)
    }

    @Test("protects neither spot instances nor, from stopping, what has its root in instance store")
    mutating func unprotected() throws {
        let protections: [LaunchChange] = [{ $0.disableAPIStop = true }, { $0.disableAPITermination = true }]
        var input = cloud.request()
        input.instanceMarketOptions = .init(marketType: .spot)
        for protect in protections {
            var wish = input
            protect(&wish)
            #expect(cloud.refusal(of: RunInstances.self, wish) == "InvalidParameterCombination")
        }
        (input.disableAPIStop, input.disableAPITermination) = (false, false)
        let spot = try cloud.running(input).description
        for value in [true, false] {
            for change in [
                EC2.ModifyInstanceAttributeRequest(instanceID: spot, disableAPITermination: .init(value: value)),
                EC2.ModifyInstanceAttributeRequest(disableAPIStop: .init(value: value), instanceID: spot),
            ] {
                #expect(cloud.refusal(of: ModifyInstanceAttribute.self, change) == "UnsupportedOperation")
            }
        }
        input = cloud.request()
        input.instanceType = "m3.medium"
        input.imageID = cloud.image { $0.rootDeviceType = .instanceStore }.id.description
        let id = try cloud.running(input).description
        let stop = EC2.ModifyInstanceAttributeRequest(disableAPIStop: .init(value: true), instanceID: id)
        #expect(cloud.refusal(of: ModifyInstanceAttribute.self, stop) == "UnsupportedOperation")
        input.disableAPIStop = true
        #expect(cloud.refusal(of: RunInstances.self, input) == "UnsupportedOperation")
    }

    @Test("does not stop or start what has its root in instance store")
    mutating func instanceStore() throws {
        var input = cloud.request()
        input.instanceType = "m3.medium"
        input.imageID = cloud.image { $0.rootDeviceType = .instanceStore }.id.description
        let id = try cloud.running(input)
        #expect(cloud.refusal(of: StopInstances.self, .init(instanceIDs: [id.description])) == "UnsupportedOperation")
    }

    @Test("starts only where there is room, and only with a root volume")
    func room() throws {
        var small = try TestCloud { $0.capabilities.memoryMiB = 1024 }
        let stopped = try small.stopped()
        let other = try small.running()
        #expect(
            small.refusal(of: StartInstances.self, .init(instanceIDs: [stopped.description]))
                == "InsufficientInstanceCapacity")
        try small.perform(StopInstances.self, .init(instanceIDs: [other.description]))
        small.settle(other)
        let root = try #require(small.state.mappings(of: small.state.instances[stopped]!).first)
        try small.perform(DetachVolume.self, .init(volumeID: root.volume.id.description))
        #expect(
            small.refusal(of: StartInstances.self, .init(instanceIDs: [stopped.description]))
                == "IncorrectInstanceState")
        try small.perform(StartInstances.self, .init(instanceIDs: [other.description]))
    }

    @Test("leaves after termination what was not to go, and an hour later nothing of the instance")
    mutating func afterwards() throws {
        var input = cloud.request()
        input.blockDeviceMappings = [
            .init(ebs: .init(deleteOnTermination: false, volumeSize: 3), deviceName: "/dev/sdf")
        ]
        input.tagSpecifications = [.init(resourceType: "instance", tags: [.init(key: "a", value: "b")])]
        let id = try cloud.running(input)
        _ = try terminate([id])
        cloud.settle(id)
        let shown = try #require(try cloud.described(id))
        #expect(shown.tags.isEmpty && shown.networkInterfaces.isEmpty && shown.blockDeviceMappings.isEmpty)
        #expect(shown.vpcID == nil && shown.privateIPAddress == nil && shown.publicIPAddress == nil)
        let volumes = try cloud.perform(DescribeVolumes.self, .init()).volumes
        #expect(
            volumes.map { "\($0.size ?? 0) \($0.state?.rawValue ?? "")" }.sorted() == ["3 available", "8 deleting"])
        cloud.advance(seconds: 3_599)
        cloud.transaction.forgetOld()
        #expect(try cloud.described(id) != nil)
        cloud.advance(seconds: 1)
        cloud.transaction.forgetOld()
        #expect(
            cloud.refusal(of: DescribeInstances.self, .init(instanceIDs: [id.description]))
                == "InvalidInstanceID.NotFound")
    }

    @Test("forgets the answers to requests with a token after a day")
    mutating func tokens() {
        let token = RequestTokenRecord(
            id: "a/RunInstances/x", account: TestCloud.account, requestHash: [], answer: [],
            createdAt: cloud.transaction.now)
        cloud.transaction.put(token)
        cloud.advance(seconds: 86_399)
        cloud.transaction.forgetOld()
        #expect(cloud.state.requestTokens.count == 1)
        cloud.advance(seconds: 1)
        cloud.transaction.forgetOld()
        #expect(cloud.state.requestTokens.count == 0)
    }
}
