// What becomes of a fleet that is deleted.
// Source: EC2 API Reference, "DeleteFleets"; EC2 User Guide, "EC2 Fleet request states".

internal import CloudTypes

extension Transaction {
    /// Its instances go with it, protected ones too: nobody is left who counts them.
    package mutating func deleteFleet(_ fleet: FleetRecord) {
        for id in fleet.instances { terminate(id, .graceful) }
        update(fleet.id, FleetRecord.self) { $0.state = .deletedTerminating }
    }

    /// Two days after its last instance went it is forgotten.
    mutating func forgetDeletedFleets() {
        let last = now.adding(seconds: -172_800)
        for fleet in state.fleets.all where fleet.state == .deletedTerminating {
            if let endedAt = fleet.endedAt {
                if endedAt <= last { delete(fleet.id, FleetRecord.self) }
            } else if fleet.instances.allSatisfy({ [nil, .terminated].contains(state.instances[$0]?.state) }) {
                update(fleet.id, FleetRecord.self) { [now] in $0.endedAt = now }
            }
        }
    }
}
