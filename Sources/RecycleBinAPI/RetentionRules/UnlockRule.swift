import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `UnlockRule`: begins the delay after which the rule can be changed.
enum UnlockRule: RecordAction {
    typealias Operation = RecycleBin.Operation.UnlockRule

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        var rule = try RuleLookup.rule(input.identifier, in: transaction)
        guard var lock = rule.lock, rule.lockState(at: transaction.now) == .locked else {
            throw RecycleBin.Refusal.conflict(.invalidRuleState, "Rule \(rule.id) is not locked.")
        }
        lock.endsAt = transaction.now.adding(seconds: Double(lock.unlockDelayDays) * 86_400)
        rule.lock = lock
        transaction.put(rule)
        return Operation.Output(
            identifier: rule.id, description: rule.description, resourceType: rule.shownType,
            retentionPeriod: rule.shownPeriod, resourceTags: rule.shownResourceTags, status: .available,
            lockConfiguration: rule.shownLock, lockState: rule.shownLockState(at: transaction.now),
            lockEndTime: lock.endsAt, ruleARN: RuleLookup.arn(of: rule, transaction.settings),
            excludeResourceTags: rule.shownExcludedTags)
    }
}
