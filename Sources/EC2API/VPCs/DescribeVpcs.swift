import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeVpcs`
enum DescribeVpcs: RecordAction {
    typealias Operation = EC2.Operation.DescribeVpcs

    static func perform(
        _ input: EC2.DescribeVpcsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeVpcsResult {
        let named: [VPCRecord] = try Lookup.owned(input.vpcIDs, in: transaction)
        let selected = try VPCFilters.table.select(named, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) {
            $0.id.description
        }
        return EC2.DescribeVpcsResult(nextToken: page.nextToken, vpcs: page.items.map { EC2.Vpc($0) })
    }
}
