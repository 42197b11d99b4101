import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeInstanceEventWindows`: by ids, or all, page by page.
enum DescribeInstanceEventWindows: RecordAction {
    typealias Operation = EC2.Operation.DescribeInstanceEventWindows

    private static func instanceTags(
        _ value: @escaping @Sendable (EventWindowRecord.InstanceTag) -> String
    ) -> FilterTable<EventWindowRecord>.Values {
        { window, _ in
            switch window.targets {
            case .none, .instances: []
            case .tags(let tags): tags.map(value)
            }
        }
    }

    private static let filters = FilterTable<EventWindowRecord>(
        [
            "dedicated-host-id": { _, _ in [] },
            "event-window-name": { window, _ in window.name.map { [$0] } ?? [] },
            "instance-id": { window, _ in
                switch window.targets {
                case .none, .tags: []
                case .instances(let ids): ids.map(\.description)
                }
            },
            "instance-tag": instanceTags { "\($0.key)=\($0.value)" },
            "instance-tag-key": instanceTags { $0.key },
            "instance-tag-value": instanceTags { $0.value },
        ], tags: { $0.tags })

    static func perform(
        _ input: EC2.DescribeInstanceEventWindowsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeInstanceEventWindowsResult {
        try Pagination.refusePage(input, besides: input.instanceEventWindowIDs, "instanceEventWindowIds")
        let named: [EventWindowRecord] = try Lookup.owned(input.instanceEventWindowIDs, in: transaction)
        let selected = try filters.select(named, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) { $0.id.description }
        return EC2.DescribeInstanceEventWindowsResult(
            instanceEventWindows: page.items.map { EC2.InstanceEventWindow($0) }, nextToken: page.nextToken)
    }
}
