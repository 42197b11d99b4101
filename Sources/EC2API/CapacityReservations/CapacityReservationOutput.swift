import AWSWire
import CloudTypes
import ControlPlane

extension EC2.CapacityReservation {
    init(_ reservation: CapacityReservationRecord, in state: CloudState, _ settings: CloudSettings) {
        let slot = reservation.slot
        self.init(
            capacityReservationID: reservation.id.description, ownerID: reservation.account.description,
            capacityReservationARN:
                "arn:aws:ec2:\(settings.region):\(reservation.account):capacity-reservation/\(reservation.id)",
            availabilityZoneID: settings.zoneID(ofZone: slot.zone), instanceType: slot.instanceType,
            instancePlatform: EC2.CapacityReservationInstancePlatform(rawValue: slot.platform),
            availabilityZone: slot.zone,
            tenancy: EC2.CapacityReservationTenancy(rawValue: slot.tenancy.rawValue),
            totalInstanceCount: reservation.count, availableInstanceCount: state.freeSlots(of: reservation),
            ebsOptimized: reservation.isEBSOptimized,
            ephemeralStorage: reservation.hasEphemeralStorage,
            state: EC2.CapacityReservationState(rawValue: reservation.state.rawValue),
            startDate: reservation.createdAt, endDate: reservation.endsAt,
            endDateType: reservation.endsAt == nil ? .unlimited : .limited,
            instanceMatchCriteria: reservation.isOpen ? .open : .targeted, createDate: reservation.createdAt,
            tags: EC2.Tag.list(reservation.tags), reservationType: .default)
    }
}
