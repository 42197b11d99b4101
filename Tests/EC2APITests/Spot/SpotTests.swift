import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("Spot instances")
struct SpotTests {
    private var cloud: TestCloud
    /// Room for two instances of t3.micro.
    init() throws {
        cloud = try TestCloud { $0.capabilities.memoryMiB = 2_048 }
    }

    private mutating func requestSpot(
        _ adjust: (inout EC2.RequestSpotInstancesRequest) -> Void = { _ in }
    ) throws -> SpotRequestID {
        let image = cloud.image().id.description
        var input = EC2.RequestSpotInstancesRequest(
            launchSpecification: .init(imageID: image, instanceType: "t3.micro"))
        adjust(&input)
        let made = try cloud.perform(RequestSpotInstances.self, input).spotInstanceRequests
        return try #require(made.first?.spotInstanceRequestID.flatMap { SpotRequestID($0) })
    }

    private mutating func advance(_ id: SpotRequestID) {
        cloud.transaction.advanceSpotRequest(id) { parameters, transaction throws(EC2Error) in
            try LaunchOrder(parameters: parameters, in: transaction)
        }
    }

    private func record(_ id: SpotRequestID) throws -> SpotRequestRecord { try #require(cloud.state.spotRequests[id]) }

    private mutating func fulfilled(
        _ adjust: (inout EC2.RequestSpotInstancesRequest) -> Void = { _ in }
    ) throws -> (SpotRequestID, InstanceID) {
        let id = try requestSpot(adjust)
        advance(id)
        let instance = try #require(try record(id).instance)
        cloud.settle(instance)
        return (id, instance)
    }

    @Test("wait for their beginning, and end at their end")
    mutating func times() throws {
        let now = cloud.transaction.now
        let id = try requestSpot { input in
            (input.validFrom, input.validUntil) = (now.adding(seconds: 60), now.adding(seconds: 120))
            input.spotPrice = "0.000001"
        }
        advance(id)
        #expect(try record(id).status.code == "not-scheduled-yet")
        cloud.advance(seconds: 60)
        advance(id)
        #expect(try record(id).status.code == "price-too-low")
        cloud.advance(seconds: 60)
        advance(id)
        #expect(try record(id).status.code == "schedule-expired" && record(id).state == .closed)
    }

    @Test("wait for room, and are fulfilled when there is some")
    mutating func room() throws {
        let others = try cloud.launched(cloud.request(2))
        for other in others { cloud.settle(other) }
        let id = try requestSpot()
        advance(id)
        #expect(try record(id).status.code == "capacity-not-available" && record(id).state == .open)
        _ = try TerminateInstances.decide(.init(instanceIDs: [others[0].description]), &cloud.transaction)
        cloud.settle(others[0])
        advance(id)
        #expect(try record(id).state == .active)
    }

    @Test("go two minutes after a launch on demand lacks their room, which waits until they are gone")
    mutating func reclaiming() throws {
        let (first, older) = try fulfilled()
        cloud.advance(seconds: 1)
        let (second, newer) = try fulfilled()
        let launched = try cloud.launched(cloud.request(1))[0]
        #expect(try record(second).status.code == "marked-for-termination" && record(first).status.code == "fulfilled")
        let waiting = try #require(cloud.state.instances[launched])
        #expect(waiting.waitsForRoom == true)
        #expect(InstanceLifecycle(waiting, observed: nil).step(at: cloud.transaction.now) == .settled)
        advance(second)
        #expect(cloud.state.instances[newer]?.state == .running)
        cloud.advance(seconds: 120)
        advance(second)
        #expect(cloud.state.instances[newer]?.stateReason == .spotTermination)
        cloud.settle(newer)
        #expect(cloud.state.instances[launched]?.waitsForRoom == nil)
        advance(second)
        #expect(try record(second).status.code == "instance-terminated-no-capacity" && record(second).state == .closed)
        #expect(cloud.state.instances[older]?.state == .running)
        #expect(cloud.refusal(of: RunInstances.self, cloud.request(2)) == "InsufficientInstanceCapacity")
    }

    @Test("go for a start on demand too, which waits until they are gone")
    mutating func reclaimingForStarts() throws {
        let stopped = try cloud.stopped()
        let (_, first) = try fulfilled()
        cloud.advance(seconds: 1)
        let (second, newer) = try fulfilled()
        try cloud.perform(StartInstances.self, .init(instanceIDs: [stopped.description]))
        #expect(try record(second).status.code == "marked-for-termination")
        #expect(cloud.state.instances[stopped]?.waitsForRoom == true)
        cloud.advance(seconds: 120)
        advance(second)
        cloud.settle(newer)
        #expect(cloud.state.instances[stopped]?.waitsForRoom == nil)
        #expect(cloud.state.instances[first]?.state == .running)
    }

    @Test("that are stopped themselves are started where there is room alone")
    mutating func startsOfSpot() throws {
        let (_, instance) = try fulfilled { input in
            (input.type, input.instanceInterruptionBehavior) = (.persistent, .stop)
        }
        try cloud.perform(StopInstances.self, .init(instanceIDs: [instance.description]))
        cloud.settle(instance)
        _ = try (fulfilled(), fulfilled())
        #expect(
            cloud.refusal(of: StartInstances.self, .init(instanceIDs: [instance.description]))
                == "InsufficientInstanceCapacity")
    }

    @Test("that stop begin again when there is room")
    mutating func stopping() throws {
        let (id, instance) = try fulfilled { input in
            (input.type, input.instanceInterruptionBehavior) = (.persistent, .stop)
        }
        try cloud.transaction.noticeInterruption(of: instance)
        let metadata = InstanceMetadata(
            of: try #require(cloud.state.instances[instance]), in: cloud.state, settings: cloud.transaction.settings)
        #expect(metadata.lifeCycle == "spot" && metadata.notice?.action == "stop")
        #expect(metadata.notice?.due == cloud.transaction.now.adding(seconds: 120))
        cloud.advance(seconds: 120)
        advance(id)
        #expect(cloud.state.instances[instance]?.stateReason == .spotShutdown)
        cloud.settle(instance)
        advance(id)
        #expect(try record(id).status.code == "instance-stopped-no-capacity" && record(id).state == .open)
        advance(id)
        #expect(try record(id).state == .active && record(id).instance == instance)
        #expect(cloud.state.instances[instance]?.state == .pending)
        #expect(cloud.state.instances[instance]?.spot?.interruption == nil)
    }

    @Test("that their owner stops during their notice stay stopped until the owner starts them, without the notice")
    mutating func quickerOwner() throws {
        let (id, instance) = try fulfilled { input in
            (input.type, input.instanceInterruptionBehavior) = (.persistent, .stop)
        }
        try cloud.transaction.noticeInterruption(of: instance)
        try cloud.perform(StopInstances.self, .init(instanceIDs: [instance.description]))
        cloud.settle(instance)
        advance(id)
        advance(id)
        #expect(try record(id).status.code == "instance-stopped-by-user" && record(id).state == .disabled)
        try cloud.perform(StartInstances.self, .init(instanceIDs: [instance.description]))
        advance(id)
        #expect(cloud.state.instances[instance]?.spot?.interruption == nil)
        #expect(try record(id).state == .active)
    }

    @Test("that are launched at once leave nothing where they cost too much")
    mutating func price() throws {
        var input = cloud.request()
        input.instanceMarketOptions = .init(marketType: .spot, spotOptions: .init(maxPrice: "0.000001"))
        #expect(cloud.refusal(of: RunInstances.self, input) == "SpotMaxPriceTooLow")
        #expect(cloud.state.spotRequests.count == 0)
        input.instanceMarketOptions = .init(marketType: .spot)
        let instance = try cloud.running(input)
        #expect(try cloud.described(instance)?.instanceLifecycle == .spot)
    }

    @Test("have no price that cannot be told", arguments: ["1e300", "1e-9", "0", "-1", "nan", "inf", "much"])
    mutating func impossiblePrices(price: String) {
        let image = cloud.image().id.description
        var input = EC2.RequestSpotInstancesRequest(
            launchSpecification: .init(imageID: image, instanceType: "t3.micro"), spotPrice: price)
        #expect(cloud.refusal(of: RequestSpotInstances.self, input) == "InvalidParameterValue")
        input.spotPrice = "1000000"
        #expect(cloud.refusal(of: RequestSpotInstances.self, input) == nil)
    }

    /// A persistent request whose instance was stopped for lack of capacity.
    private mutating func suspended() throws -> (SpotRequestID, InstanceID) {
        let (id, instance) = try fulfilled { input in
            (input.type, input.instanceInterruptionBehavior) = (.persistent, .stop)
        }
        try cloud.transaction.noticeInterruption(of: instance)
        cloud.advance(seconds: 120)
        advance(id)
        cloud.settle(instance)
        advance(id)
        #expect(try record(id).state == .open && cloud.state.instances[instance]?.state == .stopped)
        return (id, instance)
    }

    private mutating func cancel(_ id: SpotRequestID) throws {
        try cloud.perform(CancelSpotInstanceRequests.self, .init(spotInstanceRequestIDs: [id.description]))
    }

    private mutating func refusalOfStart(_ id: InstanceID) -> String? {
        cloud.refusal(of: StartInstances.self, .init(instanceIDs: [id.description]))
    }

    @Test("that were stopped for lack of capacity are started by their request alone")
    mutating func restarts() throws {
        let (id, instance) = try suspended()
        #expect(refusalOfStart(instance) == "IncorrectSpotRequestState")
        advance(id)
        #expect(try record(id).state == .active && cloud.state.instances[instance]?.state == .pending)
    }

    @Test("that were stopped for lack of capacity go when their request is cancelled, others stay as they are")
    mutating func cancelledWhileStopped() throws {
        let (id, instance) = try suspended()
        try cancel(id)
        advance(id)
        #expect(cloud.state.instances[instance]?.state == .shuttingDown)
        #expect(cloud.state.instances[instance]?.stateReason == .spotTermination)
        let (other, kept) = try fulfilled { $0.type = .persistent }
        try cloud.perform(StopInstances.self, .init(instanceIDs: [kept.description]))
        cloud.settle(kept)
        advance(other)
        try cancel(other)
        advance(other)
        #expect(cloud.state.instances[kept]?.state == .stopped)
        #expect(refusalOfStart(kept) == "IncorrectSpotRequestState")
    }

    @Test("run on when their request is cancelled, and cannot be stopped any more")
    mutating func cancelledWhileRunning() throws {
        let (id, instance) = try fulfilled { $0.type = .persistent }
        try cancel(id)
        advance(id)
        #expect(cloud.state.instances[instance]?.state == .running)
        #expect(
            cloud.refusal(of: StopInstances.self, .init(instanceIDs: [instance.description]))
                == "IncorrectSpotRequestState")
    }

    @Test("that are terminated while capacity lacks are replaced when they are gone, not before")
    mutating func terminatedWhileStopped() throws {
        let (id, instance) = try suspended()
        _ = try TerminateInstances.decide(.init(instanceIDs: [instance.description]), &cloud.transaction)
        advance(id)
        #expect(try record(id).state == .open && record(id).instance == instance)
        #expect(cloud.state.instances.count == 1)
        cloud.settle(instance)
        advance(id)
        advance(id)
        #expect(try record(id).state == .active && record(id).instance != instance)
    }

    @Test("that lost their root while they were stopped are terminated instead of started")
    mutating func lostRoot() throws {
        let (id, instance) = try suspended()
        let root = try #require(cloud.state.volumes.all(where: IndexKey(.instance, instance)).first)
        try cloud.perform(DetachVolume.self, .init(volumeID: root.id.description))
        advance(id)
        #expect(cloud.state.instances[instance]?.state == .shuttingDown)
    }

    @Test("keep their type")
    mutating func type() throws {
        let (_, instance) = try fulfilled { $0.type = .persistent }
        try cloud.perform(StopInstances.self, .init(instanceIDs: [instance.description]))
        cloud.settle(instance)
        let change = EC2.ModifyInstanceAttributeRequest(
            instanceID: instance.description, instanceType: .init(value: "t3.nano"))
        #expect(cloud.refusal(of: ModifyInstanceAttribute.self, change) == "UnsupportedOperation")
    }

    @Test("cost what is printed with six digits")
    func prices() {
        #expect(SpotText.text(0.0104) == "0.010400" && SpotText.text(12) == "12.000000")
        #expect(SpotText.text(0.000001) == "0.000001" && SpotText.text(1.5) == "1.500000")
    }
}
