// Ends and begins what is metered of each resource that a transaction changes, in that transaction: a crash loses none of it
// and counts none twice. What goes on is not written at all.
// Follows: EC2 User Guide, "Billing and purchasing options": by the second, a minute at least each time that an instance starts.

internal import CloudStore
internal import CloudTypes

extension Transaction {
    /// Seconds that each run of an instance counts at least.
    private static let shortestRun = 60.0

    /// Called once, when everything is decided.
    package mutating func meterUsage(since before: CloudState) {
        for key in changedKeys {
            switch key.kind {
            case InstanceRecord.kind: if let id = InstanceID(key.id) { meter(id, InstanceRecord.self, before) }
            case VolumeRecord.kind: if let id = VolumeID(key.id) { meter(id, VolumeRecord.self, before) }
            case SnapshotRecord.kind: if let id = SnapshotID(key.id) { meter(id, SnapshotRecord.self, before) }
            case AddressRecord.kind: if let id = AllocationID(key.id) { meter(id, AddressRecord.self, before) }
            case CPUCreditRecord.kind: if let id = InstanceID(key.id) { meterSurplus(of: id, before) }
            default: break
            }
        }
    }

    private mutating func meter<Record: MeteredRecord>(_ id: Record.ID, _: Record.Type, _ before: CloudState) {
        let old: Record? = before[id]
        let new: Record? = state[id]
        guard old?.use != new?.use else { return }
        if let old, let use = old.use, let reading = old.reading {
            let end = new?.use == nil
            count(use, of: old.account, "\(id)", reading, isOver: end)
        }
        guard new != nil else { return }
        let began = old?.use == nil ? now : old?.reading?.began ?? now
        let reading = new?.use == nil ? nil : UsageReading(since: now, began: began)
        update(id, Record.self) { $0.reading = reading }
    }

    private mutating func meterSurplus(of id: InstanceID, _ before: CloudState) {
        guard let new = state.cpuCredits[id], let instance = before.instances[id] ?? state.instances[id] else { return }
        let old = before.cpuCredits[id]
        let credits = new.credits.charged - (old?.credits.charged ?? 0)
        guard credits > 0 else { return }
        let from = min(old?.countedAt ?? now, now)
        put(
            UsageRecord(
                id: "\(id) credits \(from.milliseconds) \(now.milliseconds)", account: new.account,
                use: (.surplusCredits, instance.instanceType, instance.tags), from: from, to: now,
                amount: credits * 60, resource: "\(id)"))
    }

    private mutating func count(
        _ use: MeteredUse, of account: AccountID, _ resource: String, _ reading: UsageReading, isOver: Bool
    ) {
        let missing = isOver && use.meter == .instance ? Transaction.missing(of: now.seconds(since: reading.began)) : 0
        let amount = use.units * now.seconds(since: reading.since) + missing
        guard amount > 0 else { return }
        put(
            UsageRecord(
                id: "\(resource) \(reading.since.milliseconds) \(now.milliseconds)", account: account,
                use: (use.meter, use.item, use.tags), from: reading.since, to: now, amount: amount,
                resource: resource))
    }

    /// What a run of so many seconds counts besides: whole seconds, and at least a minute.
    private static func missing(of seconds: Double) -> Double {
        max(shortestRun, seconds.rounded(.up)) - seconds
    }

    /// Adds up what was used before today by days and labels, so that it grows with those and not with what was done.
    mutating func rollUpUsage() {
        let today = now.startOfDay
        let oldest = today.adding(seconds: -Double(UsageRecord.keptDays) * Timestamp.secondsADay)
        for record in state.usage.all where record.to <= (record.resource == nil ? oldest : today) {
            delete(record.id, UsageRecord.self)
            guard record.resource != nil else { continue }
            for part in record.byDay() where part.to > oldest {
                var sum = state.usage[part.id] ?? part
                if state.usage[part.id] != nil { sum.amount += part.amount }
                put(sum)
            }
        }
    }
}
