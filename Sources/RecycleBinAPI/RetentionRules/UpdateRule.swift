import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `UpdateRule`: what is already in the bin stays as long as it was to stay.
enum UpdateRule: RecordAction {
    typealias Operation = RecycleBin.Operation.UpdateRule

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        var rule = try RuleLookup.changeableRule(input.identifier, in: transaction)
        if let type = input.resourceType, type != rule.shownType {
            throw RuleParts.invalid("The resource type of a rule cannot be changed.")
        }
        if let period = input.retentionPeriod { rule.retentionDays = try RuleParts.days(period) }
        if let description = input.description { rule.description = description }
        if let tags = input.resourceTags { rule.resourceTags = try RuleParts.matches(tags) }
        if let tags = input.excludeResourceTags { rule.excludedTags = try RuleParts.matches(tags) }
        try RuleParts.check(rule)
        transaction.put(rule)
        return Operation.Output(
            identifier: rule.id, retentionPeriod: rule.shownPeriod, description: rule.description,
            resourceType: rule.shownType, resourceTags: rule.shownResourceTags, status: .available,
            lockState: rule.shownLockState(at: transaction.now), lockEndTime: rule.lockEnd(at: transaction.now),
            ruleARN: RuleLookup.arn(of: rule, transaction.settings), excludeResourceTags: rule.shownExcludedTags)
    }
}
