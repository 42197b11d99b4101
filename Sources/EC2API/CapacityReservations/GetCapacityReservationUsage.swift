import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `GetCapacityReservationUsage`: reservations are not shared, so that the owner alone uses one.
enum GetCapacityReservationUsage: RecordAction {
    typealias Operation = EC2.Operation.GetCapacityReservationUsage

    static func perform(
        _ input: EC2.GetCapacityReservationUsageRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetCapacityReservationUsageResult {
        let reservation: CapacityReservationRecord = try transaction.owned(
            try Lookup.id(input.capacityReservationID))
        let used = transaction.state.users(of: reservation.id).count
        let usage = EC2.InstanceUsage(accountID: reservation.account.description, usedInstanceCount: used)
        let page = try Pagination.page(used == 0 ? [] : [usage], for: input) { $0.accountID ?? "" }
        return EC2.GetCapacityReservationUsageResult(
            nextToken: page.nextToken, capacityReservationID: reservation.id.description,
            instanceType: reservation.slot.instanceType, totalInstanceCount: reservation.count,
            availableInstanceCount: transaction.state.freeSlots(of: reservation),
            state: EC2.CapacityReservationState(rawValue: reservation.state.rawValue), instanceUsages: page.items)
    }
}
