import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribePrefixLists`: none.
enum DescribePrefixLists: RecordAction {
    typealias Operation = EC2.Operation.DescribePrefixLists

    static func perform(
        _ input: EC2.DescribePrefixListsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribePrefixListsResult {
        try NoPrefixLists.check(
            ids: input.prefixListIDs, filters: input.filters, known: ["prefix-list-id", "prefix-list-name"],
            in: transaction)
        try Pagination.check(input, atLeast: 1)
        let none = try Pagination.page([EC2.PrefixList](), for: input) { $0.prefixListID ?? "" }
        return EC2.DescribePrefixListsResult(nextToken: none.nextToken, prefixLists: none.items)
    }
}
