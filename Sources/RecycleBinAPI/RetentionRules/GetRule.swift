import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `GetRule`
enum GetRule: RecordAction {
    typealias Operation = RecycleBin.Operation.GetRule

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let rule = try RuleLookup.rule(input.identifier, in: transaction)
        return Operation.Output(
            identifier: rule.id, description: rule.description, resourceType: rule.shownType,
            retentionPeriod: rule.shownPeriod, resourceTags: rule.shownResourceTags, status: .available,
            lockConfiguration: rule.shownLock, lockState: rule.shownLockState(at: transaction.now),
            lockEndTime: rule.lockEnd(at: transaction.now), ruleARN: RuleLookup.arn(of: rule, transaction.settings),
            excludeResourceTags: rule.shownExcludedTags)
    }
}
