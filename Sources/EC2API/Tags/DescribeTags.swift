import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeTags`: one item a tag, over every kind of resource.
enum DescribeTags: RecordAction {
    typealias Operation = EC2.Operation.DescribeTags

    private static let filters = FilterTable<ResourceTag>(
        [
            "key": { tag, _ in [tag.key] },
            "resource-id": { tag, _ in [tag.resource] },
            "resource-type": { tag, _ in [tag.resourceType] },
            "value": { tag, _ in [tag.value] },
        ],
        tags: { [$0.key: $0.value] })

    static func perform(
        _ input: EC2.DescribeTagsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeTagsResult {
        try Pagination.check(input, atLeast: 5, atMost: 1_000)
        let candidates = transaction.tags(of: namedResources(input.filters))
        let tags = try filters.select(candidates, by: input.filters, in: transaction.state)
        let page = try Pagination.page(tags, for: input) { "\($0.resource) \($0.key)" }
        return EC2.DescribeTagsResult(
            nextToken: page.nextToken,
            tags: page.items.map {
                EC2.TagDescription(
                    key: $0.key, resourceID: $0.resource, resourceType: $0.resourceType, value: $0.value)
            })
    }

    /// The resources that can match, where filters name them without wildcards; nil: any can.
    private static func namedResources(_ filters: [EC2.Filter]) -> Set<String>? {
        let filter = filters.first { filter in
            filter.name == "resource-id" && filter.values.allSatisfy { !$0.contains { "*?\\".contains($0) } }
        }
        return filter.map { Set($0.values) }
    }
}
