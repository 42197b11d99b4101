import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeInternetGateways`
enum DescribeInternetGateways: RecordAction {
    typealias Operation = EC2.Operation.DescribeInternetGateways

    static func perform(
        _ input: EC2.DescribeInternetGatewaysRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeInternetGatewaysResult {
        let named: [InternetGatewayRecord] = try Lookup.owned(input.internetGatewayIDs, in: transaction)
        let selected = try InternetGatewayFilters.table.select(named, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) {
            $0.id.description
        }
        return EC2.DescribeInternetGatewaysResult(
            internetGateways: page.items.map { EC2.InternetGateway($0) }, nextToken: page.nextToken)
    }
}
