import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeLaunchTemplates`: by ids, by names, or all.
enum DescribeLaunchTemplates: RecordAction {
    typealias Operation = EC2.Operation.DescribeLaunchTemplates

    private static let filters = FilterTable<LaunchTemplateRecord>(
        [
            "create-time": { template, _ in [template.createdAt.description] },
            "launch-template-name": { template, _ in [template.name] },
        ],
        tags: { $0.tags })

    static func perform(
        _ input: EC2.DescribeLaunchTemplatesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeLaunchTemplatesResult {
        let templates = try filters.select(named(input, transaction), by: input.filters, in: transaction.state)
        let page = try Pagination.page(templates, for: input) { $0.id.description }
        return EC2.DescribeLaunchTemplatesResult(
            launchTemplates: page.items.map { EC2.LaunchTemplate($0) }, nextToken: page.nextToken)
    }

    private static func named(
        _ input: EC2.DescribeLaunchTemplatesRequest, _ transaction: Transaction
    ) throws(EC2Error) -> [LaunchTemplateRecord] {
        guard !input.launchTemplateNames.isEmpty else {
            return try Lookup.owned(input.launchTemplateIDs, in: transaction)
        }
        var found: [LaunchTemplateID: LaunchTemplateRecord] = [:]
        for name in input.launchTemplateNames {
            let template = try transaction.launchTemplate(.name(name))
            found[template.id] = template
        }
        for id in try Lookup.ids(input.launchTemplateIDs, LaunchTemplateKind.self) {
            found[id] = try transaction.launchTemplate(.id(id))
        }
        return found.values.sorted { $0.id < $1.id }
    }
}
