import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `TagResource`: a locked rule's own tags can be changed too.
enum TagResource: RecordAction {
    typealias Operation = RecycleBin.Operation.TagResource

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        var rule = try RuleLookup.rule(arn: input.resourceARN, in: transaction)
        rule.tags.merge(try RuleParts.tags(input.tags)) { $1 }
        try RuleParts.checkCount(rule.tags, transaction.settings)
        transaction.put(rule)
        return Operation.Output()
    }
}

/// `UntagResource`
enum UntagResource: RecordAction {
    typealias Operation = RecycleBin.Operation.UntagResource

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        var rule = try RuleLookup.rule(arn: input.resourceARN, in: transaction)
        for key in input.tagKeys { rule.tags[key] = nil }
        transaction.put(rule)
        return Operation.Output()
    }
}

/// `ListTagsForResource`
enum ListTagsForResource: RecordAction {
    typealias Operation = RecycleBin.Operation.ListTagsForResource

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        Operation.Output(tags: try RuleLookup.rule(arn: input.resourceARN, in: transaction).shownTags)
    }
}
