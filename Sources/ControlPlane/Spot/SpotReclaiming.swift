// Room that spot instances give back to those on demand: who has to go, and who waits until they are gone.
// Source: EC2 User Guide, "Spot Instance interruptions".

internal import CloudTypes

extension InstanceRecord {
    /// Whether it can be told to go so that others have its room.
    fileprivate var isReclaimable: Bool {
        guard let spot, spot.interruption == nil else { return false }
        return [.pending, .running].contains(state)
    }

    static let spotKey = IndexKey(.market, text: "spot")
    static let waitingKey = IndexKey(.market, text: "waiting")
}

extension HostShare {
    /// Whether nothing is overdrawn.
    fileprivate var isCovered: Bool {
        vCPUs >= 0 && memoryMiB >= 0 && (devices ?? [:]).values.allSatisfy { $0 >= 0 }
    }
}

extension CloudState {
    private var spotInstances: [InstanceRecord] { instances.all(where: InstanceRecord.spotKey) }

    /// What spot instances would give back.
    var reclaimableShare: HostShare {
        spotInstances.filter(\.isReclaimable).reduce(.zero) { $0 + $1.weight }
    }

    /// What spot instances give back that are told to go.
    private var leavingShare: HostShare {
        spotInstances.filter { $0.spot?.interruption != nil }.reduce(.zero) { $0 + $1.weight }
    }

    /// Who has to go so that all fit: the newest first, no more than is lacking.
    fileprivate func interruptions(_ settings: CloudSettings) -> [InstanceID] {
        var free = settings.hostShare - takenShare + leavingShare
        var leaving: [InstanceID] = []
        let victims = spotInstances.filter(\.isReclaimable)
            .sorted { ($0.launchTime, $0.id) > ($1.launchTime, $1.id) }
        for victim in victims {
            if free.isCovered { break }
            free = free + victim.weight
            leaving.append(victim.id)
        }
        return leaving
    }
}

extension Transaction {
    /// Tells spot instances to go where instances that were just launched do not fit beside them; those wait.
    mutating func reclaimRoom(for launched: [InstanceID]) {
        guard !(settings.hostShare - state.takenShare).isCovered else { return }
        for id in launched { update(id, InstanceRecord.self) { $0.waitsForRoom = true } }
        for id in state.interruptions(settings) { try? noticeInterruption(of: id) }
        admitWaiting()
    }

    /// Lets those that wait boot for whom there is room now, the first that came first.
    mutating func admitWaiting() {
        let waiting = state.instances.all(where: InstanceRecord.waitingKey)
            .sorted { ($0.launchTime, $0.id) < ($1.launchTime, $1.id) }
        guard !waiting.isEmpty else { return }
        var free = settings.hostShare - state.takenShare + waiting.reduce(.zero) { $0 + $1.weight }
        for instance in waiting {
            free = free - instance.weight
            guard free.isCovered else { return }
            update(instance.id, InstanceRecord.self) { $0.waitsForRoom = nil }
        }
    }
}
