// Which reservation an instance runs in, decided when it is launched or started.

internal import CloudTypes
internal import InstanceTypeCatalogue

extension InstanceRecord {
    /// What it says of reservations. A spot instance is in none: its room is given back to others.
    var reservationWish: ReservationWish {
        ReservationWish(
            preference: spot == nil ? capacityReservationPreference : "none", target: capacityReservationTarget)
    }

    /// Runs in any open reservation that fits, as it names none.
    var wantsOpenReservation: Bool { reservationWish.target == nil && reservationWish.preference == "open" }
}

/// What a launch, or an instance that starts, says of reservations.
struct ReservationWish {
    /// `open`, `none`, `capacity-reservations-only`
    var preference: String
    var target: CapacityReservationID?
}

/// Reservations with free slots for one kind of instance, and whether it may run outside of them.
struct ReservationSlots {
    private var free: [(id: CapacityReservationID, count: Int)]
    let mayRunOutside: Bool

    /// - Throws: `InvalidCapacityReservationId.NotFound`, `InvalidParameterValue` for a target of another kind.
    init(
        _ wish: ReservationWish, _ slot: CapacityReservationRecord.Slot, in transaction: Transaction
    ) throws(EC2Error) {
        let state = transaction.state
        if let target = wish.target {
            let reservation: CapacityReservationRecord = try transaction.owned(target)
            guard reservation.slot == slot, reservation.state == .active else {
                throw .invalidParameterValue(
                    "The Capacity Reservation '\(target)' is not active, or its instance type, platform, tenancy or "
                        + "Availability Zone is not that of the instance.")
            }
            (free, mayRunOutside) = ([(target, state.freeSlots(of: reservation))], false)
        } else if wish.preference == "none" {
            (free, mayRunOutside) = ([], true)
        } else {
            free = state.capacityReservations.all(of: transaction.account)
                .filter { $0.isOpen && $0.slot == slot }
                .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
                .map { ($0.id, state.freeSlots(of: $0)) }.filter { $0.1 > 0 }
            mayRunOutside = wish.preference == "open"
        }
    }

    var count: Int { free.reduce(0) { $0 + $1.count } }

    /// The reservation of the next instance; nil: it runs outside.
    mutating func take() -> CapacityReservationID? {
        guard let place = free.firstIndex(where: { $0.count > 0 }) else { return nil }
        free[place].count -= 1
        return free[place].id
    }
}

extension Transaction {
    /// What the instance is to a reservation.
    func slot(of instance: InstanceRecord) -> CapacityReservationRecord.Slot {
        slot(
            instance.instanceType, image: state.images[instance.image], zone: instance.availabilityZone,
            instance.tenancy)
    }

    func slot(
        _ type: String, image: ImageRecord?, zone: String, _ tenancy: Tenancy
    ) -> CapacityReservationRecord.Slot {
        CapacityReservationRecord.Slot(
            instanceType: type, platform: image?.platformDetails ?? "Linux/UNIX", zone: zone, tenancy: tenancy)
    }

    /// - Throws: `InvalidCapacityReservationId.NotFound`, `InvalidParameterValue`, `ReservationCapacityExceeded`.
    func reservationSlots(
        _ wish: ReservationWish, _ slot: CapacityReservationRecord.Slot, fewest: Int
    ) throws(EC2Error) -> ReservationSlots {
        let slots = try ReservationSlots(wish, slot, in: self)
        guard slots.mayRunOutside || slots.count >= fewest else {
            throw EC2Error(
                "ReservationCapacityExceeded",
                "The requested reservation does not have sufficient compatible and available capacity for this request."
            )
        }
        return slots
    }
}
