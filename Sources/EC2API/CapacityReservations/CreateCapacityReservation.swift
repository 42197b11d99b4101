import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateCapacityReservation`: active at once, or refused for lack of room.
enum CreateCapacityReservation: RecordAction {
    typealias Operation = EC2.Operation.CreateCapacityReservation

    static func perform(
        _ input: EC2.CreateCapacityReservationRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateCapacityReservationResult {
        try refuseUnserved(input)
        let zone = try PlacementText.zone(
            name: input.availabilityZone, id: input.availabilityZoneID, in: transaction.settings)
        guard let zone else { throw .missingParameter("AvailabilityZone") }
        let end = try ReservationEnd.checked(input.endDateType, input.endDate)
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "capacity-reservation", in: transaction)
        let slot = CapacityReservationRecord.Slot(
            instanceType: input.instanceType, platform: input.instancePlatform.rawValue, zone: zone,
            tenancy: input.tenancy == .dedicated ? .dedicated : .default)
        let reservation = try transaction.createCapacityReservation(slot, count: input.instanceCount) {
            $0.isEBSOptimized = input.ebsOptimized ?? false
            $0.hasEphemeralStorage = input.ephemeralStorage ?? false
            $0.isOpen = input.instanceMatchCriteria != .targeted
            ($0.endsAt, $0.tags) = (end ?? nil, tags)
        }
        return EC2.CreateCapacityReservationResult(
            capacityReservation: EC2.CapacityReservation(reservation, in: transaction.state, transaction.settings))
    }

    private static func refuseUnserved(_ input: EC2.CreateCapacityReservationRequest) throws(EC2Error) {
        try UnservedMembers.refuse(["OutpostArn": input.outpostARN != nil], because: UnservedMembers.noOutposts)
        try UnservedMembers.refuse(
            [
                "StartDate": input.startDate != nil, "CommitmentDuration": input.commitmentDuration != nil,
                "DeliveryPreference": input.deliveryPreference != nil,
            ], because: "capacity is reserved at once or not at all.")
        try UnservedMembers.refuse(
            ["PlacementGroupArn": input.placementGroupARN != nil],
            because: "capacity is reserved outside of placement groups.")
    }
}

enum ReservationEnd {
    /// The end that is asked for, or none; nil where nothing is said of it.
    ///
    /// - Throws: `MissingParameter`, `InvalidParameterCombination`.
    static func checked(_ type: EC2.EndDateType?, _ date: Timestamp?) throws(EC2Error) -> Timestamp?? {
        switch (type, date) {
        case (nil, nil): return nil
        case (.limited, nil): throw .missingParameter("EndDate")
        case (.limited, let date?): return .some(date)
        case (.unlimited, nil): return .some(nil)
        case (.unlimited, _?), (nil, _?):
            throw .invalidParameterCombination("EndDate can be given only where EndDateType is limited.")
        }
    }
}
