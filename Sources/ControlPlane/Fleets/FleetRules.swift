// What becomes of a fleet that is deleted.
// Source: EC2 API Reference, "DeleteFleets".

internal import CloudTypes

extension Transaction {
    /// Its instances go with it, protected ones too: nobody is left who counts them.
    package mutating func deleteFleet(_ fleet: FleetRecord) {
        for id in fleet.instances { terminate(id, .graceful) }
        update(fleet.id, FleetRecord.self) { $0.state = .deletedTerminating }
    }

    /// One whose instances are all forgotten is forgotten too.
    mutating func forgetDeletedFleets() {
        for fleet in state.fleets.all where fleet.state == .deletedTerminating {
            if fleet.instances.allSatisfy({ state.instances[$0] == nil }) { delete(fleet.id, FleetRecord.self) }
        }
    }
}
