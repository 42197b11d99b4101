import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeRouteTables`
enum DescribeRouteTables: RecordAction {
    typealias Operation = EC2.Operation.DescribeRouteTables

    static func perform(
        _ input: EC2.DescribeRouteTablesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeRouteTablesResult {
        let named: [RouteTableRecord] = try Lookup.owned(input.routeTableIDs, in: transaction)
        let selected = try RouteTableFilters.table.select(named, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) {
            $0.id.description
        }
        let state = transaction.state
        return EC2.DescribeRouteTablesResult(
            routeTables: page.items.map { EC2.RouteTable($0, in: state) }, nextToken: page.nextToken)
    }
}
