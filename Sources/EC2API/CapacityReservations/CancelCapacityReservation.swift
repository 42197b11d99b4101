import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CancelCapacityReservation`: instances that run in it run on.
enum CancelCapacityReservation: RecordAction {
    typealias Operation = EC2.Operation.CancelCapacityReservation

    static func perform(
        _ input: EC2.CancelCapacityReservationRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CancelCapacityReservationResult {
        try transaction.cancelCapacityReservation(try Lookup.id(input.capacityReservationID))
        return EC2.CancelCapacityReservationResult(return: true)
    }
}
