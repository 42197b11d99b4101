import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeAddressesAttribute`: no address has a name of the caller's own.
enum DescribeAddressesAttribute: RecordAction {
    typealias Operation = EC2.Operation.DescribeAddressesAttribute

    static func perform(
        _ input: EC2.DescribeAddressesAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeAddressesAttributeResult {
        let named: [AddressRecord] = try Lookup.owned(input.allocationIDs, in: transaction)
        let page = try Pagination.page(named, for: input) {
            $0.id.description
        }
        return EC2.DescribeAddressesAttributeResult(
            addresses: page.items.map {
                EC2.AddressAttribute(publicIP: $0.publicAddress.description, allocationID: $0.id.description)
            }, nextToken: page.nextToken)
    }
}
