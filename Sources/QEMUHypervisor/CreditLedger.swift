// The credits of all volumes that burst, kept over detaching, stopping and restarts of ours.

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

    /// The volume's credits, once what was done by now is paid.
    func settle(
        _ volume: VolumeID, _ counter: Int64, of source: String, _ burst: DiskLimits.Burst, at moment: Double
    ) -> CreditBucket {
        let fresh = Entry(bucket: CreditBucket(burst, source: source, at: moment), burst: burst)
        var entry = entries[volume.description] ?? fresh
        entry.bucket.note(counter, of: source, burst, at: moment)
        entry.burst = burst
        entries[volume.description] = entry
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
