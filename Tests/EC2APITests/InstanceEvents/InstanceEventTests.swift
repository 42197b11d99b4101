import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Scheduled events")
struct InstanceEventTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func schedule(_ code: InstanceEvent.Code, of id: InstanceID) throws {
        _ = try cloud.transaction.scheduleEvent(
            code, of: id, description: "d", notBefore: cloud.transaction.now, notAfter: nil, deadline: nil)
        cloud.transaction.carryOutEvents(of: id)
    }

    private mutating func told(_ id: InstanceID) throws -> [String?] {
        let input = EC2.DescribeInstanceStatusRequest(instanceIDs: [id.description], includeAllInstances: true)
        return try cloud.perform(DescribeInstanceStatus.self, input).instanceStatuses[0].events.map(\.description)
    }

    @Test(
        "that stop an instance are told as the reason",
        arguments: [InstanceEvent.Code.instanceStop, .instanceRetirement])
    mutating func reasons(code: InstanceEvent.Code) throws {
        let id = try cloud.running()
        try schedule(code, of: id)
        cloud.settle(id)
        let shown = try #require(try cloud.described(id))
        #expect(shown.state?.name == .stopped && shown.stateReason?.code == "Server.ScheduledStop")
        #expect(shown.stateTransitionReason?.hasPrefix("Server initiated (") == true)
    }

    @Test("leave the reason of a stop that its owner asked for")
    mutating func stopped() throws {
        let id = try cloud.stopped()
        try schedule(.instanceStop, of: id)
        #expect(try cloud.described(id)?.stateReason?.code == "Client.UserInitiatedShutdown")
    }

    @Test("that ended are told for a week")
    mutating func ended() throws {
        let id = try cloud.running()
        try schedule(.instanceReboot, of: id)
        cloud.advance(seconds: 604_799)
        cloud.transaction.forgetOld()
        #expect(try told(id) == ["[Completed] d"])
        cloud.advance(seconds: 1)
        cloud.transaction.forgetOld()
        #expect(try told(id) == [])
        #expect(cloud.state.instances[id]?.events == nil)
    }
}
