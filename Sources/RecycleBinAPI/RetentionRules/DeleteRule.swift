import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteRule`: what it has brought into the bin stays there for its time.
enum DeleteRule: RecordAction {
    typealias Operation = RecycleBin.Operation.DeleteRule

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let rule = try RuleLookup.changeableRule(input.identifier, in: transaction)
        transaction.delete(rule.id, RetentionRuleRecord.self)
        return Operation.Output()
    }
}
