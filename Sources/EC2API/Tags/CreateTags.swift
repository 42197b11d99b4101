import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateTags`: all resources take the tags, or none does.
enum CreateTags: RecordAction {
    typealias Operation = EC2.Operation.CreateTags

    static func perform(
        _ input: EC2.CreateTagsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        _ = try TagSpecifications.pairs(input.tags)
        for resource in input.resources {
            try transaction.changeTags(ofResource: resource) { tags in
                for tag in input.tags { tags[tag.key ?? ""] = tag.value ?? "" }
            }
        }
        return Operation.Output()
    }
}
