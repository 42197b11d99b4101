import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeNetworkInterfaces`: there are none that a service manages.
enum DescribeNetworkInterfaces: RecordAction {
    typealias Operation = EC2.Operation.DescribeNetworkInterfaces

    static func perform(
        _ input: EC2.DescribeNetworkInterfacesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeNetworkInterfacesResult {
        try Pagination.refusePage(input, besides: input.networkInterfaceIDs, "networkInterfaceIdSet")
        let named: [NetworkInterfaceRecord] = try Lookup.owned(input.networkInterfaceIDs, in: transaction)
        let (state, settings) = (transaction.state, transaction.settings)
        let selected = try NetworkInterfaceFilters.table(settings).select(named, by: input.filters, in: state)
        let page = try Pagination.page(selected, for: input) {
            $0.id.description
        }
        return EC2.DescribeNetworkInterfacesResult(
            networkInterfaces: page.items.map { EC2.NetworkInterface($0, in: state, settings) },
            nextToken: page.nextToken)
    }
}
