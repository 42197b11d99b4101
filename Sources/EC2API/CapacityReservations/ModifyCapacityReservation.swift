import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyCapacityReservation`: all of what is asked for, or nothing.
enum ModifyCapacityReservation: RecordAction {
    typealias Operation = EC2.Operation.ModifyCapacityReservation

    static func perform(
        _ input: EC2.ModifyCapacityReservationRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyCapacityReservationResult {
        try UnservedMembers.refuse(
            ["Accept": input.accept == true, "AdditionalInfo": input.additionalInfo?.isEmpty == false],
            because: "AWS reserves it for its own use.")
        var change = CapacityReservationChange()
        change.count = input.instanceCount
        change.isOpen = input.instanceMatchCriteria.map { $0 == .open }
        change.end = try ReservationEnd.checked(input.endDateType, input.endDate)
        try transaction.modifyCapacityReservation(try Lookup.id(input.capacityReservationID), change)
        return EC2.ModifyCapacityReservationResult(return: true)
    }
}
