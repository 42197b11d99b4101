import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeManagedPrefixLists`: none.
enum DescribeManagedPrefixLists: RecordAction {
    typealias Operation = EC2.Operation.DescribeManagedPrefixLists

    static func perform(
        _ input: EC2.DescribeManagedPrefixListsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeManagedPrefixListsResult {
        try NoPrefixLists.check(
            ids: input.prefixListIDs, filters: input.filters,
            known: ["owner-id", "prefix-list-id", "prefix-list-name"], in: transaction)
        let none = try Pagination.page([EC2.ManagedPrefixList](), for: input) { $0.prefixListID ?? "" }
        return EC2.DescribeManagedPrefixListsResult(nextToken: none.nextToken, prefixLists: none.items)
    }
}
