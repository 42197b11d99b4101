// Capacity reservations as the store keeps them. What is used of one is told by the instances that name it.

package import CloudTypes

package struct CapacityReservationRecord: TaggedRecord, Equatable {
    package static let kind = "capacity-reservation"
    package static let table: TablePath<Self> = \.capacityReservations

    package var id: CapacityReservationID
    package var account: AccountID
    package var slot: Slot
    package var count: Int
    package var isEBSOptimized = false
    package var hasEphemeralStorage = false
    /// Instances with the same attributes run in it unasked; else only those that name it.
    package var isOpen = true
    /// nil: until it is cancelled.
    package var endsAt: Timestamp?
    package var state: State = .active
    package var stateSince: Timestamp
    package var createdAt: Timestamp
    package var tags: [String: String] = [:]

    /// Of all its slots, be they used or not.
    package var weight: HostShare {
        switch state {
        case .active: HostShare(ofType: slot.instanceType).times(count)
        case .expired, .cancelled: .zero
        }
    }

    package enum State: String, Sendable, Codable { case active, expired, cancelled }

    /// What an instance must be to run in the reservation.
    package struct Slot: Sendable, Equatable, Codable {
        package var instanceType: String
        /// `Linux/UNIX`
        package var platform: String
        package var zone: String
        /// nil: `default`.
        private var ownTenancy: Tenancy?
        package var tenancy: Tenancy { ownTenancy ?? .default }
        package init(instanceType: String, platform: String, zone: String, tenancy: Tenancy) {
            (self.instanceType, self.platform, self.zone) = (instanceType, platform, zone)
            ownTenancy = tenancy == .default ? nil : tenancy
        }
    }

    package init(id: CapacityReservationID, account: AccountID, slot: Slot, count: Int, now: Timestamp) {
        (self.id, self.account, self.slot, self.count) = (id, account, slot, count)
        (stateSince, createdAt) = (now, now)
    }

    package var indexKeys: [IndexKey] {
        state == .active && slot.tenancy == .dedicated ? [Tenancy.dedicatedKey(inZone: slot.zone)] : []
    }
}

extension CloudState {
    /// The instances that run in the reservation, or are about to.
    package func users(of reservation: CapacityReservationID) -> [InstanceRecord] {
        instances.all(where: IndexKey(.capacityReservation, reservation))
    }

    /// How many more instances may run in the reservation.
    package func freeSlots(of reservation: CapacityReservationRecord) -> Int {
        guard reservation.state == .active else { return 0 }
        return max(0, reservation.count - instances.count(where: IndexKey(.capacityReservation, reservation.id)))
    }
}
