import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeCapacityReservations`: those that ended are shown for an hour more.
enum DescribeCapacityReservations: RecordAction {
    typealias Operation = EC2.Operation.DescribeCapacityReservations

    private static let filters = FilterTable<CapacityReservationRecord>(
        [
            "availability-zone": { reservation, _ in [reservation.slot.zone] },
            "end-date": { reservation, _ in reservation.endsAt.map { [$0.description] } ?? [] },
            "end-date-type": { reservation, _ in [reservation.endsAt == nil ? "unlimited" : "limited"] },
            "instance-match-criteria": { reservation, _ in [reservation.isOpen ? "open" : "targeted"] },
            "instance-platform": { reservation, _ in [reservation.slot.platform] },
            "instance-type": { reservation, _ in [reservation.slot.instanceType] },
            "outpost-arn": { _, _ in [] },
            "owner-id": { reservation, _ in [reservation.account.description] },
            "placement-group-arn": { _, _ in [] },
            "start-date": { reservation, _ in [reservation.createdAt.description] },
            "state": { reservation, _ in [reservation.state.rawValue] },
            "tenancy": { reservation, _ in [reservation.slot.tenancy.rawValue] },
        ], tags: { $0.tags })

    static func perform(
        _ input: EC2.DescribeCapacityReservationsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeCapacityReservationsResult {
        let named: [CapacityReservationRecord] = try Lookup.owned(input.capacityReservationIDs, in: transaction)
        let kept = try filters.select(named, by: input.filters, in: transaction.state)
        let page = try Pagination.page(kept, for: input) { $0.id.description }
        return EC2.DescribeCapacityReservationsResult(
            nextToken: page.nextToken,
            capacityReservations: page.items.map {
                EC2.CapacityReservation($0, in: transaction.state, transaction.settings)
            })
    }
}
