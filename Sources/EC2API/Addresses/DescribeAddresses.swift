import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeAddresses`: the addresses named in either way, or all.
enum DescribeAddresses: RecordAction {
    typealias Operation = EC2.Operation.DescribeAddresses

    static func perform(
        _ input: EC2.DescribeAddressesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeAddressesResult {
        let selected = try AddressFilters.table.select(
            try named(input, transaction), by: input.filters, in: transaction.state)
        let state = transaction.state
        return EC2.DescribeAddressesResult(addresses: selected.map { EC2.Address($0, in: state) })
    }

    private static func named(
        _ input: EC2.DescribeAddressesRequest, _ transaction: Transaction
    ) throws(EC2Error) -> [AddressRecord] {
        guard !input.publicIPs.isEmpty else { return try Lookup.owned(input.allocationIDs, in: transaction) }
        var found: [AllocationID: AddressRecord] = [:]
        for text in input.publicIPs {
            let address = try AddressChoice.address(text, in: transaction)
            found[address.id] = address
        }
        if !input.allocationIDs.isEmpty {
            let others: [AddressRecord] = try Lookup.owned(input.allocationIDs, in: transaction)
            for address in others { found[address.id] = address }
        }
        return found.values.sorted { $0.id < $1.id }
    }
}
