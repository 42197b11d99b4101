import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeSubnets`
enum DescribeSubnets: RecordAction {
    typealias Operation = EC2.Operation.DescribeSubnets

    static func perform(
        _ input: EC2.DescribeSubnetsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeSubnetsResult {
        let named: [SubnetRecord] = try Lookup.owned(input.subnetIDs, in: transaction)
        let selected = try SubnetFilters.table(transaction.settings).select(
            named, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) {
            $0.id.description
        }
        let shown = transaction
        return EC2.DescribeSubnetsResult(
            nextToken: page.nextToken, subnets: page.items.map { EC2.Subnet($0, in: shown) })
    }
}
