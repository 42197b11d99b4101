import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeInstances`: instances of one launch together, terminated ones for an hour.
enum DescribeInstances: RecordAction {
    typealias Operation = EC2.Operation.DescribeInstances

    static func perform(
        _ input: EC2.DescribeInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeInstancesResult {
        try InstancePages.check(input.maxResults)
        let page = try InstancePages.page(input, in: transaction)
        return EC2.DescribeInstancesResult(
            nextToken: page.nextToken, reservations: reservations(of: page.items, in: transaction))
    }

    /// - Parameter instances: those of one reservation side by side.
    private static func reservations(
        of instances: [InstanceRecord], in transaction: Transaction
    ) -> [EC2.Reservation] {
        var reservations: [EC2.Reservation] = []
        var last: ReservationID?
        for instance in instances {
            if instance.reservation != last {
                last = instance.reservation
                reservations.append(
                    EC2.Reservation(
                        reservationID: instance.reservation.description, ownerID: instance.account.description))
            }
            reservations[reservations.count - 1].instances.append(
                EC2.Instance(instance, in: transaction.state, transaction.settings))
        }
        return reservations
    }
}

/// Which instances an answer shows, and in what order.
enum InstancePages {
    /// - Throws: `InvalidParameterValue` outside 5...1000.
    static func check(_ maxResults: Int?) throws(EC2Error) {
        guard let maxResults, !(5...1_000).contains(maxResults) else { return }
        throw .invalidParameterValue(
            name: "maxResults", value: "\(maxResults)", reason: "Expecting a value between 5 and 1000.")
    }

    static func page(
        _ input: EC2.DescribeInstancesRequest, in transaction: Transaction
    ) throws(EC2Error) -> Page<InstanceRecord> {
        let named: [InstanceRecord] = try Lookup.owned(input.instanceIDs, in: transaction)
        let selected = try InstanceFilters.select(named, by: input.filters, in: transaction)
        let inOrder = selected.sorted { left, right in
            left.reservation == right.reservation
                ? left.launchIndex < right.launchIndex : left.reservation < right.reservation
        }
        return try Pagination.page(inOrder, for: input, hasExplicitIDs: !input.instanceIDs.isEmpty) { $0.pageKey }
    }
}

extension InstanceRecord {
    /// In the order of reservations and, within one, of launch indexes.
    fileprivate var pageKey: String {
        let index = String(launchIndex)
        return "\(reservation)/" + String(repeating: "0", count: max(0, 9 - index.count)) + index
    }
}
