import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyInstanceCapacityReservationAttributes`: of a stopped instance; there are no reservations to aim at.
enum ModifyInstanceCapacityReservationAttributes: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstanceCapacityReservationAttributes

    static func perform(
        _ input: EC2.ModifyInstanceCapacityReservationAttributesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyInstanceCapacityReservationAttributesResult {
        let id: InstanceID = try Lookup.id(input.instanceID)
        let _: InstanceRecord = try transaction.owned(id)
        let wish = input.capacityReservationSpecification
        try LaunchRefusals.refuseReservations(wish)
        guard let preference = wish.capacityReservationPreference else {
            throw .missingParameter("CapacityReservationSpecification.CapacityReservationPreference")
        }
        try transaction.setReservationPreference(of: id, to: preference.rawValue)
        return EC2.ModifyInstanceCapacityReservationAttributesResult(return: true)
    }
}
