import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import RecycleBinAPI

/// A caller and a clock.
private struct Desk {
    private var state = CloudState()
    private var now = Timestamp(milliseconds: 1_795_000_000_000)

    mutating func advance(days: Double) { now = now.adding(seconds: days * 86_400) }

    @discardableResult
    mutating func perform<Meaning: RecordActionUnderTest>(
        _ action: Meaning.Type, _ input: Meaning.Input
    ) throws(EC2Error) -> Meaning.Output {
        var transaction = Transaction(
            state: state, caller: Caller(account: AccountID("123456789012")!, accessKeyID: ""), now: now,
            settings: CloudSettings(
                region: "us-east-1",
                capabilities: NodeCapabilities(
                    architectures: [.x86_64], acceleration: "simulated", processorCount: 1, memoryMiB: 1)),
            random: SystemRandomNumberGenerator())
        let output = try action.perform(input, &transaction)
        state = transaction.state
        return output
    }
}

/// What `RecordAction` says, without its operation.
private protocol RecordActionUnderTest {
    associatedtype Input
    associatedtype Output
    static func perform(_ input: Input, _ transaction: inout Transaction) throws(EC2Error) -> Output
}
extension CreateRule: RecordActionUnderTest {}
extension GetRule: RecordActionUnderTest {}
extension LockRule: RecordActionUnderTest {}
extension UnlockRule: RecordActionUnderTest {}
extension DeleteRule: RecordActionUnderTest {}

@Suite("The lock of a retention rule")
struct RuleLockTests {
    private let week = RecycleBin.RetentionPeriod(retentionPeriodValue: 7, retentionPeriodUnit: .days)

    private func lock(days: Int) -> RecycleBin.LockConfiguration {
        RecycleBin.LockConfiguration(
            unlockDelay: RecycleBin.UnlockDelay(unlockDelayValue: days, unlockDelayUnit: .days))
    }

    private func refusal(_ body: () throws(EC2Error) -> Void) -> String? {
        do throws(EC2Error) {
            try body()
            return nil
        } catch {
            return error.reason
        }
    }

    private func lockedRule(at desk: inout Desk) throws -> String {
        let request = RecycleBin.CreateRuleRequest(
            retentionPeriod: week, resourceType: .ebsSnapshot, lockConfiguration: lock(days: 7))
        return try #require(try desk.perform(CreateRule.self, request).identifier)
    }

    @Test("holds for its delay after it was opened, and no longer")
    func delay() throws {
        var desk = Desk()
        let rule = try lockedRule(at: &desk)
        try desk.perform(UnlockRule.self, RecycleBin.UnlockRuleRequest(identifier: rule))
        desk.advance(days: 6.99)
        #expect(try desk.perform(GetRule.self, .init(identifier: rule)).lockState == .pendingUnlock)
        #expect(
            refusal { () throws(EC2Error) in try desk.perform(DeleteRule.self, .init(identifier: rule)) }
                == "INVALID_RULE_STATE")
        desk.advance(days: 0.01)
        let open = try desk.perform(GetRule.self, .init(identifier: rule))
        #expect(open.lockState == .unlocked && open.lockEndTime == nil)
        try desk.perform(DeleteRule.self, .init(identifier: rule))
    }

    @Test("can be closed again within the delay, as it was, and afterwards with another delay")
    func again() throws {
        var desk = Desk()
        let rule = try lockedRule(at: &desk)
        try desk.perform(UnlockRule.self, .init(identifier: rule))
        let other = RecycleBin.LockRuleRequest(identifier: rule, lockConfiguration: lock(days: 8))
        #expect(
            refusal { () throws(EC2Error) in try desk.perform(LockRule.self, other) } == "INVALID_RULE_STATE")
        let same = RecycleBin.LockRuleRequest(identifier: rule, lockConfiguration: lock(days: 7))
        #expect(try desk.perform(LockRule.self, same).lockState == .locked)
        try desk.perform(UnlockRule.self, .init(identifier: rule))
        desk.advance(days: 7)
        #expect(try desk.perform(LockRule.self, other).lockState == .locked)
    }

    @Test("an account has only so many rules")
    func quota() throws {
        var desk = Desk()
        let request = RecycleBin.CreateRuleRequest(retentionPeriod: week, resourceType: .ec2Image)
        for _ in 0..<250 { try desk.perform(CreateRule.self, request) }
        #expect(
            refusal { () throws(EC2Error) in try desk.perform(CreateRule.self, request) } == "SERVICE_QUOTA_EXCEEDED")
    }
}
