// The records, revision and recent commits of a memory store, and the rule by which a commit changes them.

import CloudStore

/// A pure value: what a memory store knows.
struct MemoryTable: Sendable {
    private(set) var records: [RecordKey: StoredRecord] = [:]
    private(set) var revision: Revision = 0
    /// The newest commits, oldest first, without gaps up to `revision`.
    private var log: [ChangeSet] = []
    private let keptCommits: Int

    init(keptCommits: Int) { self.keptCommits = max(1, keptCommits) }

    var sortedRecords: [StoredRecord] { records.values.sorted { $0.key < $1.key } }

    /// Judges the preconditions and, if all hold, applies the writes.
    ///
    /// - Returns: the revision of the commit, or the current one if nothing changed.
    mutating func commit(
        _ writes: [RecordWrite], if preconditions: [Precondition]
    ) throws(StoreError) -> Revision {
        let bytes = writes.dataBytes
        guard bytes <= CommitLimit.maximumBytes else { throw .tooLarge(bytes: bytes) }
        for condition in preconditions {
            let found = records[condition.key]?.revision
            guard found == condition.revision else {
                throw .preconditionFailed(condition.key, expected: condition.revision, found: found)
            }
        }
        let next = revision + 1
        let changes = writes.withoutOverwritten.compactMap { apply($0, at: next) }
        guard !changes.isEmpty else { return revision }
        revision = next
        log.append(ChangeSet(revision: next, changes: changes))
        // Trimmed rarely, so that the cost of moving the rest is spread over many commits.
        if log.count / 2 >= keptCommits { log.removeFirst(log.count - keptCommits) }
        return next
    }

    private mutating func apply(_ write: RecordWrite, at revision: Revision) -> RecordChange? {
        switch write {
        case .put(let key, let account, let formatVersion, let data):
            let record = StoredRecord(
                key: key, account: account, revision: revision, formatVersion: formatVersion, data: data)
            records[key] = record
            return .put(record)
        case .delete(let key):
            return records.removeValue(forKey: key) == nil ? nil : .delete(key)
        }
    }

    /// The commits after `known`, oldest first.
    func changes(after known: Revision) throws(StoreError) -> [ChangeSet] {
        guard known < revision else { return [] }
        let oldest = revision - UInt64(min(log.count, keptCommits))
        guard known >= oldest else { throw .compacted(oldest: oldest) }
        return Array(log.suffix(Int(revision - known)))
    }
}
