import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateRule`: in force at once.
enum CreateRule: RecordAction {
    typealias Operation = RecycleBin.Operation.CreateRule

    /// Rules of one account. Source: EBS User Guide, "Quotas for Recycle Bin".
    private static let mostRules = 250

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        var rule = RetentionRuleRecord(
            id: transaction.newRetentionRuleID(), account: transaction.account,
            resourceType: try RuleParts.resourceType(input.resourceType),
            retentionDays: try RuleParts.days(input.retentionPeriod), createdAt: transaction.now)
        rule.description = input.description ?? ""
        rule.resourceTags = try RuleParts.matches(input.resourceTags)
        rule.excludedTags = try RuleParts.matches(input.excludeResourceTags)
        rule.tags = try RuleParts.tags(input.tags)
        try RuleParts.check(rule)
        try RuleParts.checkCount(rule.tags, transaction.settings)
        if let lock = input.lockConfiguration {
            try RuleParts.checkLockable(rule)
            rule.lock = RetentionRuleRecord.Lock(unlockDelayDays: try RuleParts.delayDays(lock))
        }
        guard transaction.state.retentionRules.all(of: transaction.account).count < mostRules else {
            throw RecycleBin.Refusal.serviceQuotaExceeded(
                .serviceQuotaExceeded, "An account has at most \(mostRules) rules.")
        }
        transaction.put(rule)
        return Operation.Output(
            identifier: rule.id, retentionPeriod: rule.shownPeriod, description: rule.description,
            tags: rule.shownTags, resourceType: rule.shownType, resourceTags: rule.shownResourceTags,
            status: .available, lockConfiguration: rule.shownLock,
            lockState: rule.shownLockState(at: transaction.now),
            ruleARN: RuleLookup.arn(of: rule, transaction.settings), excludeResourceTags: rule.shownExcludedTags)
    }
}
