import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeInstanceCreditSpecifications`: those named, or every instance whose credits are unlimited.
enum DescribeInstanceCreditSpecifications: RecordAction {
    typealias Operation = EC2.Operation.DescribeInstanceCreditSpecifications

    private static let filters = FilterTable<InstanceRecord>(
        ["instance-id": { instance, _ in [instance.id.description] }])

    static func perform(
        _ input: EC2.DescribeInstanceCreditSpecificationsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeInstanceCreditSpecificationsResult {
        try Pagination.refusePage(input, besides: input.instanceIDs, "instanceIdSet")
        let named: [InstanceRecord] = try Lookup.owned(input.instanceIDs, in: transaction)
        let hasIDs = !input.instanceIDs.isEmpty
        if hasIDs, let other = named.first(where: { $0.creditSpecification == nil }) {
            throw .unsupported("The instance '\(other.id)' is not a burstable performance instance.")
        }
        let shown = named.filter { hasIDs || ($0.creditSpecification == "unlimited" && $0.state != .terminated) }
        let selected = try filters.select(shown, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) { $0.id.description }
        return EC2.DescribeInstanceCreditSpecificationsResult(
            instanceCreditSpecifications: page.items.map {
                EC2.InstanceCreditSpecification(instanceID: $0.id.description, cpuCredits: $0.creditSpecification)
            },
            nextToken: page.nextToken)
    }
}
