import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyInstanceCapacityReservationAttributes`: of a stopped instance.
enum ModifyInstanceCapacityReservationAttributes: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstanceCapacityReservationAttributes

    static func perform(
        _ input: EC2.ModifyInstanceCapacityReservationAttributesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyInstanceCapacityReservationAttributesResult {
        let id: InstanceID = try Lookup.id(input.instanceID)
        let _: InstanceRecord = try transaction.owned(id)
        let wish = try ReservationText.checked(input.capacityReservationSpecification)
        guard wish.preference != nil || wish.target != nil else {
            throw .missingParameter("CapacityReservationSpecification.CapacityReservationPreference")
        }
        if let target = wish.target { let _: CapacityReservationRecord = try transaction.owned(target) }
        try transaction.setReservations(of: id, preference: wish.preference, target: wish.target)
        return EC2.ModifyInstanceCapacityReservationAttributesResult(return: true)
    }
}
