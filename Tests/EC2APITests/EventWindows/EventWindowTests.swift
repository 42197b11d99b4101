import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Event windows")
struct EventWindowTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func make(cron: String = "* 0-4 * * SUN", name: String? = nil) throws -> String {
        let made = try cloud.perform(CreateInstanceEventWindow.self, .init(name: name, cronExpression: cron))
        return try #require(made.instanceEventWindow?.instanceEventWindowID)
    }

    private mutating func shown(_ id: String) throws -> EC2.InstanceEventWindow {
        try cloud.perform(DescribeInstanceEventWindows.self, .init(instanceEventWindowIDs: [id]))
            .instanceEventWindows[0]
    }

    private mutating func associate(
        _ id: String, _ target: EC2.InstanceEventWindowAssociationRequest
    ) throws {
        try cloud.perform(
            AssociateInstanceEventWindow.self, .init(instanceEventWindowID: id, associationTarget: target))
    }

    private mutating func refusal(
        _ id: String, _ target: EC2.InstanceEventWindowAssociationRequest
    ) -> String? {
        cloud.refusal(
            of: AssociateInstanceEventWindow.self, .init(instanceEventWindowID: id, associationTarget: target))
    }

    private mutating func schedule(
        _ code: InstanceEvent.Code, of id: InstanceID, at moment: String = "2026-12-02T12:00:00Z"
    ) throws -> InstanceEvent {
        let begin = try #require(Timestamp(iso8601: moment))
        return try cloud.transaction.scheduleEvent(
            code, of: id, description: "d", notBefore: begin, notAfter: begin.adding(seconds: 3600),
            deadline: begin.adding(seconds: 7200))
    }

    @Test("are made of time ranges or an expression, changed, and shown as they were given")
    mutating func life() throws {
        let ranges = [
            EC2.InstanceEventWindowTimeRangeRequest(
                startWeekDay: .saturday, startHour: 22, endWeekDay: .sunday, endHour: 2)
        ]
        let made = try cloud.perform(CreateInstanceEventWindow.self, .init(name: "n", timeRanges: ranges))
        #expect(made.instanceEventWindow?.state == .creating)
        let id = try #require(made.instanceEventWindow?.instanceEventWindowID)
        var window = try shown(id)
        #expect(window.state == .active && window.name == "n" && window.cronExpression == nil)
        #expect(window.timeRanges == [.init(startWeekDay: .saturday, startHour: 22, endWeekDay: .sunday, endHour: 2)])
        try cloud.perform(
            ModifyInstanceEventWindow.self,
            .init(name: "m", instanceEventWindowID: id, cronExpression: "* 0-4 * * 1"))
        window = try shown(id)
        #expect(window.name == "m" && window.cronExpression == "* 0-4 * * 1" && window.timeRanges.isEmpty)
        let deleted = try cloud.perform(DeleteInstanceEventWindow.self, .init(instanceEventWindowID: id))
        #expect(deleted.instanceEventWindowState?.state == .deleting)
        #expect(
            cloud.refusal(of: DescribeInstanceEventWindows.self, .init(instanceEventWindowIDs: [id]))
                == "InvalidInstanceEventWindowID.NotFound")
    }

    @Test("are refused without a time, with two, and beyond two hundred")
    mutating func refused() throws {
        let range = EC2.InstanceEventWindowTimeRangeRequest(
            startWeekDay: .monday, startHour: 0, endWeekDay: .monday, endHour: 4)
        func refusal(_ input: EC2.CreateInstanceEventWindowRequest) -> String? {
            cloud.refusal(of: CreateInstanceEventWindow.self, input)
        }
        #expect(refusal(.init(name: "n")) == "MissingParameter")
        #expect(refusal(.init(timeRanges: [range], cronExpression: "* 0-4 * * 1")) == "InvalidParameterCombination")
        #expect(refusal(.init(timeRanges: [.init(startWeekDay: .monday)])) == "MissingParameter")
        for _ in 0..<200 { _ = try make() }
        #expect(refusal(.init(cronExpression: "* 0-4 * * 1")) == "InstanceEventWindowLimitExceeded")
        cloud.become(TestCloud.stranger)
        _ = try make()
    }

    @Test("have targets of one kind, each of which has one window")
    mutating func targets() throws {
        let (one, other) = (try cloud.guest().instance, try cloud.guest().instance)
        let (window, second) = (try make(), try make())
        try associate(window, .init(instanceIDs: [one.description]))
        try associate(window, .init(instanceIDs: [one.description, other.description]))
        #expect(try shown(window).associationTarget?.instanceIDs == [one.description, other.description])
        let tag = EC2.Tag(key: "team", value: "a")
        #expect(refusal(window, .init(instanceTags: [tag])) == "InvalidParameterCombination")
        #expect(refusal(second, .init(instanceIDs: [one.description])) == "InvalidParameterValue")
        #expect(refusal(second, .init(instanceIDs: ["i-0123456789abcdef0"])) == "InvalidInstanceID.NotFound")
        #expect(refusal(second, .init(dedicatedHostIDs: ["h-0123456789abcdef0"])) == "UnsupportedOperation")
        #expect(refusal(second, .init()) == "MissingParameter")
        let tooMany = (0...50).map { EC2.Tag(key: "k\($0)", value: "v") }
        #expect(refusal(second, .init(instanceTags: tooMany)) == "InvalidParameterValue")
        try associate(second, .init(instanceTags: [tag]))
        #expect(try shown(second).associationTarget?.tags == [tag])
        func found(_ name: String, _ value: String) throws -> [String?] {
            let filter = EC2.Filter(name: name, values: [value])
            return try cloud.perform(DescribeInstanceEventWindows.self, .init(filters: [filter]))
                .instanceEventWindows.map(\.instanceEventWindowID)
        }
        #expect(try found("instance-id", one.description) == [window])
        #expect(try found("instance-tag", "team=a") == [second])
        #expect(try found("instance-tag-key", "team") == [second])
        #expect(try found("instance-tag-value", "a") == [second])
        #expect(try found("dedicated-host-id", "*") == [])
        let deletion = EC2.DeleteInstanceEventWindowRequest(instanceEventWindowID: window)
        #expect(cloud.refusal(of: DeleteInstanceEventWindow.self, deletion) == "DependencyViolation")
        let away = EC2.DisassociateInstanceEventWindowRequest(
            instanceEventWindowID: window, associationTarget: .init(instanceIDs: [one.description]))
        try cloud.perform(DisassociateInstanceEventWindow.self, away)
        #expect(cloud.refusal(of: DisassociateInstanceEventWindow.self, away) == "InvalidParameterValue")
        cloud.transaction.becomeTerminated(other, reason: nil)
        #expect(try shown(window).associationTarget == nil)
        #expect(refusal(window, .init(instanceIDs: [other.description])) == "InvalidInstanceID.NotFound")
        try cloud.perform(
            DeleteInstanceEventWindow.self, .init(forceDelete: true, instanceEventWindowID: second))
    }

    @Test("put what stops or reboots an instance where they open, and leave the rest where it is")
    mutating func scheduling() throws {
        let (one, other) = (try cloud.guest().instance, try cloud.guest().instance)
        cloud.transaction.update(other) { (instance: inout InstanceRecord) in instance.tags = ["team": "a"] }
        try associate(try make(cron: "* 2-6 * * SAT"), .init(instanceIDs: [one.description]))
        try associate(try make(cron: "* 8-12 * * THU"), .init(instanceTags: [.init(key: "team", value: "a")]))
        // 2026-12-02 is a Wednesday.
        let saturday = try #require(Timestamp(iso8601: "2026-12-05T02:00:00Z"))
        let event = try schedule(.instanceStop, of: one)
        #expect(event.notBefore == saturday)
        #expect(event.notAfter == saturday.adding(seconds: 3600) && event.deadline == saturday)
        #expect(try schedule(.systemMaintenance, of: one).notBefore == Timestamp(iso8601: "2026-12-02T12:00:00Z"))
        #expect(try schedule(.systemReboot, of: other).notBefore == Timestamp(iso8601: "2026-12-03T08:00:00Z"))
        let inside = try schedule(.instanceReboot, of: other, at: "2026-12-03T11:30:00Z")
        #expect(inside.notBefore == Timestamp(iso8601: "2026-12-03T11:30:00Z"))
    }
}
