import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeInstances`: instances of one launch together, terminated ones for an hour.
enum DescribeInstances: RecordAction {
    typealias Operation = InstanceDocumentOperation

    static func perform(
        _ input: EC2.DescribeInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> InstanceDocument {
        try InstancePages.check(input, besides: input.instanceIDs)
        let page = try InstancePages.page(input, in: transaction)
        let isWhole =
            input.instanceIDs.isEmpty && input.filters.isEmpty && input.maxResults == nil
            && input.nextToken == nil
        return InstanceDocument(
            nextToken: page.nextToken, instances: page.items, wholeAccount: isWhole ? transaction.account : nil,
            state: transaction.state, settings: transaction.settings)
    }
}

/// Which instances an answer shows, and in what order.
enum InstancePages {
    /// - Throws: `InvalidParameterValue` outside 5...1000, `InvalidParameterCombination` beside ids.
    static func check(_ input: some PaginatedInput, besides ids: [String]) throws(EC2Error) {
        try Pagination.refusePage(input, besides: ids, "instancesSet")
        try Pagination.check(input, atLeast: 5, atMost: 1_000)
    }

    static func page(
        _ input: EC2.DescribeInstancesRequest, in transaction: Transaction
    ) throws(EC2Error) -> Page<Versioned<InstanceRecord>> {
        let named = try named(input.instanceIDs, in: transaction)
        let selected = try InstanceFilters.select(named, by: input.filters, in: transaction)
        return try Pagination.page(selected, for: input) {
            $0.record.pageKey
        }
    }

    /// Instances of one launch side by side.
    ///
    /// - Throws: `…Malformed`, `…NotFound`.
    private static func named(
        _ texts: [String], in transaction: Transaction
    ) throws(EC2Error) -> [Versioned<InstanceRecord>] {
        let table = transaction.state.instances
        guard !texts.isEmpty else { return InstanceOrder.shared.all(of: transaction.account, in: table) }
        let ids: [InstanceID] = try Lookup.ids(texts)
        let found = ids.compactMap { table.versioned($0) }.filter { $0.record.account == transaction.account }
        guard found.count == ids.count else {
            throw .notFound(ids.filter { table.versioned($0)?.record.account != transaction.account })
        }
        return found.sorted { $0.record.isShown(before: $1.record) }
    }
}

extension InstanceRecord {
    fileprivate var pageKey: String {
        let index = String(launchIndex)
        return "\(reservation)/" + String(repeating: "0", count: max(0, 9 - index.count)) + index
    }

    /// In the order of reservations and, within one, of launch indexes.
    func isShown(before other: InstanceRecord) -> Bool {
        reservation == other.reservation ? launchIndex < other.launchIndex : reservation < other.reservation
    }
}
