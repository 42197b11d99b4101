import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeDhcpOptions`
enum DescribeDhcpOptions: RecordAction {
    typealias Operation = EC2.Operation.DescribeDhcpOptions

    static func perform(
        _ input: EC2.DescribeDhcpOptionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeDhcpOptionsResult {
        let named: [DHCPOptionsRecord] = try Lookup.owned(input.dhcpOptionsIDs, in: transaction)
        let selected = try DHCPOptionsFilters.table.select(named, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) {
            $0.id.description
        }
        return EC2.DescribeDhcpOptionsResult(
            nextToken: page.nextToken, dhcpOptions: page.items.map { EC2.DhcpOptions($0) })
    }
}
