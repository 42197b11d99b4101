import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteTags`: a tag named with a value goes only if it has that value; no tags named: all go.
enum DeleteTags: RecordAction {
    typealias Operation = EC2.Operation.DeleteTags

    static func perform(
        _ input: EC2.DeleteTagsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        for tag in input.tags where tag.key?.hasPrefix("aws:") == true {
            try TagRules.check(key: tag.key ?? "", value: "")
        }
        for resource in input.resources {
            try transaction.changeTags(ofResource: resource) { tags in
                if input.tags.isEmpty { tags = tags.filter { $0.key.hasPrefix("aws:") } }
                for tag in input.tags {
                    guard let key = tag.key, tag.value == nil || tag.value == tags[key] else { continue }
                    tags[key] = nil
                }
            }
        }
        return Operation.Output()
    }
}
