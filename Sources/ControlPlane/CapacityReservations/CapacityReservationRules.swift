// How reservations come, change and go. The host's share of those slots that nobody uses is kept free for them.
// Source: EC2 User Guide, "Reserve compute capacity with EC2 On-Demand Capacity Reservations".

package import CloudTypes
internal import InstanceTypeCatalogue

/// What `ModifyCapacityReservation` changes; nil: nothing.
package struct CapacityReservationChange: Sendable {
    package var count: Int?
    package var isOpen: Bool?
    /// The new end, or none.
    package var end: Timestamp??
    package init() {}
}

extension Transaction {
    /// Reserves the capacity; an open reservation takes in instances that run already.
    ///
    /// - Throws: `InvalidParameterValue`, `Unsupported`, `InsufficientInstanceCapacity` (a server fault).
    package mutating func createCapacityReservation(
        _ slot: CapacityReservationRecord.Slot, count: Int, _ adjust: (inout CapacityReservationRecord) -> Void
    ) throws(EC2Error) -> CapacityReservationRecord {
        let facts = try instanceTypeFacts(slot.instanceType, for: nil)
        try check(slot.tenancy, facts)
        try checkReserved(count)
        var reservation = CapacityReservationRecord(id: newID(), account: account, slot: slot, count: count, now: now)
        adjust(&reservation)
        try checkEnd(reservation.endsAt)
        let matching = reservation.isOpen ? runningOutside(of: reservation).prefix(count) : []
        guard state.room(for: facts, settings) >= count - matching.count else { throw insufficientCapacity(facts) }
        _ = try openRacks(for: slot.tenancy, in: slot.zone, facts)
        put(reservation)
        for instance in matching { enter(instance.id, reservation.id) }
        return reservation
    }

    /// - Throws: `InvalidCapacityReservationId.NotFound`, `IncorrectState`, `InvalidParameterValue`,
    ///   `InsufficientInstanceCapacity` (a server fault).
    package mutating func modifyCapacityReservation(
        _ id: CapacityReservationID, _ change: CapacityReservationChange
    ) throws(EC2Error) {
        var reservation: CapacityReservationRecord = try active(id)
        let used = state.users(of: id).count
        if let end = change.end {
            try checkEnd(end)
            reservation.endsAt = end
        }
        if let count = change.count {
            try checkReserved(count)
            guard count >= used else {
                throw .invalidParameterValue("The Capacity Reservation '\(id)' is used by \(used) instances.")
            }
            let facts = try instanceTypeFacts(reservation.slot.instanceType, for: nil)
            let more = count - reservation.count
            let joining = (change.isOpen ?? reservation.isOpen) ? runningOutside(of: reservation).count : 0
            let lacking = more - min(joining, state.freeSlots(of: reservation) + more)
            guard more <= 0 || state.room(for: facts, settings) >= lacking else { throw insufficientCapacity(facts) }
            reservation.count = count
        }
        if let isOpen = change.isOpen, isOpen != reservation.isOpen {
            guard used == 0 else {
                throw EC2Error(
                    "IncorrectState", "The Capacity Reservation '\(id)' is used; its matching cannot be changed.")
            }
            reservation.isOpen = isOpen
        }
        put(reservation)
        let joining = reservation.isOpen ? runningOutside(of: reservation) : []
        for instance in joining.prefix(state.freeSlots(of: reservation)) { enter(instance.id, id) }
        // Slots that are given up, and what the joining had outside, are room.
        admitWaiting()
    }

    /// - Throws: `InvalidCapacityReservationId.NotFound`, `IncorrectState`.
    package mutating func cancelCapacityReservation(_ id: CapacityReservationID) throws(EC2Error) {
        try end(active(id), as: .cancelled)
    }

    /// Ends those whose time is over, and forgets those that ended an hour ago, of every account.
    mutating func lookThroughCapacityReservations() {
        for reservation in state.capacityReservations.all {
            switch reservation.state {
            case .active:
                if let end = reservation.endsAt, end <= now { self.end(reservation, as: .expired) }
            case .expired, .cancelled:
                if reservation.stateSince.adding(seconds: 3_600) <= now {
                    delete(reservation.id, CapacityReservationRecord.self)
                }
            }
        }
    }

    /// Instances that run in it run on, outside of it.
    private mutating func end(_ reservation: CapacityReservationRecord, as state: CapacityReservationRecord.State) {
        for instance in self.state.users(of: reservation.id) { leaveCapacityReservation(instance.id) }
        update(reservation.id, CapacityReservationRecord.self) { [now] in ($0.state, $0.stateSince) = (state, now) }
        admitWaiting()
    }

    mutating func leaveCapacityReservation(_ id: InstanceID) {
        guard state.instances[id]?.capacityReservation != nil else { return }
        update(id, InstanceRecord.self) { $0.capacityReservation = nil }
    }

    private mutating func enter(_ instance: InstanceID, _ reservation: CapacityReservationID) {
        update(instance, InstanceRecord.self) { $0.capacityReservation = reservation }
    }

    private func active(_ id: CapacityReservationID) throws(EC2Error) -> CapacityReservationRecord {
        let reservation: CapacityReservationRecord = try owned(id)
        guard reservation.state == .active else {
            throw EC2Error(
                "IncorrectState", "The Capacity Reservation '\(id)' is in the state '\(reservation.state.rawValue)'.")
        }
        return reservation
    }

    /// The caller's instances that would run in the reservation if it were there when they began, the oldest first.
    private func runningOutside(of reservation: CapacityReservationRecord) -> [InstanceRecord] {
        state.instances.all(of: account).filter { instance in
            instance.weight != .zero && instance.capacityReservation == nil && instance.wantsOpenReservation
                && slot(of: instance) == reservation.slot
        }.sorted { ($0.launchTime, $0.id) < ($1.launchTime, $1.id) }
    }

    private func checkReserved(_ count: Int) throws(EC2Error) {
        guard (1...1_000).contains(count) else {
            throw .invalidParameterValue(name: "InstanceCount", value: "\(count)", reason: "It must be 1 to 1000.")
        }
    }

    private func checkEnd(_ end: Timestamp?) throws(EC2Error) {
        guard let end, end <= now else { return }
        throw .invalidParameterValue(name: "EndDate", value: "\(end)", reason: "It must be in the future.")
    }
}
