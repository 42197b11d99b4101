import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `LockRule`: nobody can change or delete the rule until it is unlocked and a delay is over.
enum LockRule: RecordAction {
    typealias Operation = RecycleBin.Operation.LockRule

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        var rule = try RuleLookup.rule(input.identifier, in: transaction)
        try RuleParts.checkLockable(rule)
        let days = try RuleParts.delayDays(input.lockConfiguration)
        switch rule.lockState(at: transaction.now) {
        case .neverLocked, .unlocked: break
        case .locked:
            throw RecycleBin.Refusal.conflict(.invalidRuleState, "Rule \(rule.id) is locked already.")
        case .unlocking:
            // Locked again within the delay it is locked as before.
            guard rule.lock?.unlockDelayDays == days else {
                throw RecycleBin.Refusal.conflict(
                    .invalidRuleState, "The unlock delay of rule \(rule.id) cannot be changed before it is over.")
            }
        }
        rule.lock = RetentionRuleRecord.Lock(unlockDelayDays: days)
        transaction.put(rule)
        return Operation.Output(
            identifier: rule.id, description: rule.description, resourceType: rule.shownType,
            retentionPeriod: rule.shownPeriod, resourceTags: rule.shownResourceTags, status: .available,
            lockConfiguration: rule.shownLock, lockState: rule.shownLockState(at: transaction.now),
            ruleARN: RuleLookup.arn(of: rule, transaction.settings), excludeResourceTags: rule.shownExcludedTags)
    }
}
