// The credits of all volumes and guests that burst, kept over detaching, stopping and restarts of ours.

import CloudTypes
import FoundationEssentials
import HostSystem
import NodeContract

actor CreditLedger {
    private struct Entry: Codable {
        var bucket: CreditBucket
        var burst: DiskLimits.Burst
    }

    private let path: String
    private var entries: [String: Entry]
    private var isDirty = false

    /// - Parameter path: what cannot be read is begun anew: the loss gives credits, it takes none.
    init(path: String) {
        self.path = path
        let kept = SmallFile.read(path) ?? ""
        entries = (try? JSONDecoder().decode([String: Entry].self, from: Data(kept.utf8))) ?? [:]
    }

    /// The limits with as much as the credits pay for until the next look, once what was done by now is paid.
    ///
    /// - Parameters:
    ///   - name: whose limits: a volume's, or a guest's for all of its disks.
    ///   - counters: of each disk in each run of a guest that they bound.
    func settle(
        _ limits: DiskLimits, of name: String, _ counters: [String: DiskCounters], at moment: Double,
        lookingEvery interval: Double
    ) -> DiskLimits {
        var paid = limits
        for burst in limits.bursts {
            let bucket = settle(
                burst, of: "\(name) \(burst.unit.rawValue)", counters.mapValues { $0.spent(limits, burst) }, at: moment,
                doingAtMost: limits.most(of: burst.unit, in: interval))
            paid.pay(burst, by: bucket, lookingEvery: interval)
        }
        return paid
    }

    /// - Parameter most: what can be done from one look to the next. A bucket that was full is forgotten with the run of ours
    ///   that knew it, while disks count on: the rest of what they did before it is seen again was paid then.
    private func settle(
        _ burst: DiskLimits.Burst, of name: String, _ counters: [String: Int64], at moment: Double,
        doingAtMost most: Int64
    ) -> CreditBucket {
        let before = counters.mapValues { max(0, $0 - most) }
        var entry = entries[name] ?? Entry(bucket: CreditBucket(burst, at: moment, before: before), burst: burst)
        entry.bucket.note(counters, burst, at: moment)
        entry.burst = burst
        entries[name] = entry
        isDirty = true
        return entry.bucket
    }

    /// Writes what is worth remembering.
    func save(at moment: Double) throws(SystemError) {
        guard isDirty else { return }
        let worthy = entries.filter { !$0.value.bucket.isFull($0.value.burst, at: moment) }
        guard let bytes = try? JSONEncoder().encode(worthy) else { return }
        try SmallFile.replace(path, with: String(decoding: bytes, as: UTF8.self), mode: 0o600)
        isDirty = false
    }
}
