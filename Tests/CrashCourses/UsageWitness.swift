// Counts use from the changes that the store kept, apart from the rules that meter it, and compares: no second is lost, none
// counted twice, whatever was killed between.

import CloudStore
import CloudTypes
import ControlPlane
import RecordCoding
import Simulation

struct UsageWitness {
    private struct Meter: Hashable {
        let account: AccountID
        let meter: UsageMeter
    }

    private var known: Revision = 0
    /// Since when each instance runs.
    private var running: [InstanceID: Timestamp] = [:]
    /// Of runs that are over: whole seconds, a minute at least for each.
    private var seconds: [AccountID: Double] = [:]
    /// Up to when the use of each volume is written.
    private var counted: [VolumeID: Timestamp] = [:]
    /// Up to when the use of each instance was written last.
    private var told: [String: Timestamp] = [:]
    /// All that was ever written, of which sums by days are made later.
    private var written: [Meter: Double] = [:]
    private var faults: [String] = []

    mutating func faults(_ contents: MemoryStore.Contents, _ state: CloudState) -> [String] {
        do {
            for set in try contents.changes(after: known) {
                for change in set.changes { see(change, among: set.changes) }
            }
        } catch {
            faults.append("changes are missing: \(error)")
        }
        known = contents.revision
        defer { faults = [] }
        return faults + sums(state) + readings(state)
    }

    private mutating func see(_ change: RecordChange, among changes: [RecordChange]) {
        guard case .put(let stored) = change else { return }
        switch stored.key.kind {
        case InstanceRecord.kind: if let record: InstanceRecord = read(stored) { see(record, among: changes) }
        case VolumeRecord.kind:
            if let record: VolumeRecord = read(stored), counted[record.id] == nil {
                counted[record.id] = record.createdAt
            }
        case UsageRecord.kind: if let record: UsageRecord = read(stored) { see(record) }
        default: break
        }
    }

    private func read<Record: CloudRecord>(_ stored: StoredRecord) -> Record? {
        try? CBORRecordDecoder().decode(Record.self, from: stored.data)
    }

    /// An instance whose memory is saved counts as one that runs.
    private mutating func see(_ instance: InstanceRecord, among changes: [RecordChange]) {
        if instance.state == .running || instance.state == .stopping && instance.hibernation == .saving {
            running[instance.id] = running[instance.id] ?? instance.stateSince
        } else if let began = running.removeValue(forKey: instance.id) {
            let end = end(of: instance, among: changes)
            seconds[instance.account, default: 0] += max(60, end.seconds(since: began).rounded(.up))
        }
    }

    /// When saving ends while the instance stops, its record does not tell; what is written with it does.
    private func end(of instance: InstanceRecord, among changes: [RecordChange]) -> Timestamp {
        guard instance.state == .stopping, instance.hibernates else { return instance.stateSince }
        let written = changes.compactMap { change -> UsageRecord? in
            guard case .put(let stored) = change, stored.key.kind == UsageRecord.kind else { return nil }
            return read(stored)
        }
        let ends = written.filter { $0.resource == "\(instance.id)" && $0.meter == .instance }.map(\.to)
        // Where its tags changed in the same moment, all of it was written before.
        return (ends + [told["\(instance.id)"] ?? instance.stateSince, instance.stateSince]).max()
            ?? instance.stateSince
    }

    private mutating func see(_ record: UsageRecord) {
        guard let resource = record.resource else { return }
        written[Meter(account: record.account, meter: record.meter), default: 0] += record.amount
        if record.meter == .instance { told[resource] = record.to }
        guard let volume = VolumeID(resource) else { return }
        if counted[volume] != record.from {
            faults.append(
                "the use of \(volume) is told from \(record.from), and until \(counted[volume]?.description ?? "never")"
            )
        }
        counted[volume] = record.to
    }

    private func sums(_ state: CloudState) -> [String] {
        var found: [Meter: Double] = [:]
        for record in state.usage.all {
            found[Meter(account: record.account, meter: record.meter), default: 0] += record.amount
        }
        let lost = Set(found.keys).union(written.keys).filter { differ(found[$0], written[$0]) }.map {
            "\($0.account) used \(written[$0] ?? 0) of \($0.meter), and is told \(found[$0] ?? 0)"
        }
        // A run that goes on may have been written in part, where its tags changed.
        let going = Set(running.keys.compactMap { state.instances[$0]?.account })
        let wrong = Set(seconds.keys).subtracting(going).filter {
            differ(seconds[$0], written[Meter(account: $0, meter: .instance)])
        }.map {
            "\($0) ran instances for \(seconds[$0] ?? 0) s, and is told \(written[Meter(account: $0, meter: .instance)] ?? 0)"
        }
        return lost + wrong
    }

    private func readings(_ state: CloudState) -> [String] {
        let instances = running.filter { id, began in state.instances[id]?.reading?.began != began }
        let volumes = state.volumes.all.filter { $0.reading != nil && $0.reading?.since != counted[$0.id] }
        return instances.map { "\($0.key) runs since \($0.value), and is counted from another moment" }
            + volumes.map { "\($0.id) is counted from another moment" }
    }

    private func differ(_ one: Double?, _ other: Double?) -> Bool {
        abs((one ?? 0) - (other ?? 0)) > 1e-6 * max(1, one ?? 0)
    }
}
