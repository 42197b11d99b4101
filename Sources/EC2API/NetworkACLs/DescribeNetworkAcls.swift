import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeNetworkAcls`
enum DescribeNetworkAcls: RecordAction {
    typealias Operation = EC2.Operation.DescribeNetworkAcls

    static func perform(
        _ input: EC2.DescribeNetworkAclsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeNetworkAclsResult {
        let named: [NetworkACLRecord] = try Lookup.owned(input.networkACLIDs, in: transaction)
        let selected = try NetworkACLFilters.table.select(named, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) {
            $0.id.description
        }
        let state = transaction.state
        return EC2.DescribeNetworkAclsResult(
            networkACLs: page.items.map { EC2.NetworkAcl($0, in: state) }, nextToken: page.nextToken)
    }
}
