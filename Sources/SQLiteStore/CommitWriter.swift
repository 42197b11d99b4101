// The one that writes: makes many commits in one transaction, so with one sync, and tells each its own outcome.

import CloudStore
import GRDBSQLite
import Synchronization

/// What the writing connection knows and does. Used on the writing queue only.
final class CommitWriter {
    private let statements: CommitStatements
    private let walPages: UnsafeMutablePointer<Int32>
    private let connection: OpaquePointer
    private var retention: ChangeLogRetention
    private(set) var revision: Revision

    /// The most that one transaction takes together; what is more goes into the next.
    private static let batchBytes = 8 << 20

    init(on connection: OpaquePointer, retention: ChangeLogRetention) throws(StoreError) {
        self.connection = connection
        statements = try CommitStatements(on: connection)
        var known = retention
        var newest: Revision = 0
        // The length of a blob is known without reading it.
        let log = try PreparedStatement(
            "SELECT revision, length(changes) FROM change ORDER BY revision", on: connection)
        try log.forEachRow { row in
            newest = Revision(bitPattern: row.integer(0))
            known.add(newest, bytes: Int(row.integer(1)))
            return true
        }
        self.retention = known
        revision = newest
        walPages = .allocate(capacity: 1)
        walPages.initialize(to: 0)
        sqlite3_wal_hook(
            connection,
            { context, _, _, pages in
                context?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, walPages)
    }

    deinit {
        sqlite3_wal_hook(connection, nil, nil)
        walPages.deallocate()
    }

    /// The length of the write-ahead log after the last commit.
    var logPages: Int { Int(walPages.pointee) }

    var log: WriteAheadLog { WriteAheadLog(connection: connection) }
}

// MARK: - Committing

extension CommitWriter {
    /// Makes commits, in order, and notes their outcomes.
    ///
    /// - Parameter done: called after each transaction with the newest revision and what wakes its callers.
    func make(_ commits: [PendingCommit], done: (Revision, [@Sendable () -> Void]) -> Void) {
        var rest = commits[...]
        while !rest.isEmpty {
            var bytes = 0
            let batch = rest.prefix { commit in
                defer { bytes += commit.writes.dataBytes }
                return bytes < Self.batchBytes
            }
            rest = rest.dropFirst(batch.count)
            let outcomes = makeTogether(batch)
            done(revision, zip(batch, outcomes).map { $0.ticket.settle($1) })
        }
    }

    private func makeTogether(_ batch: ArraySlice<PendingCommit>) -> [CommitTicket.Outcome] {
        let retentionBefore = retention
        let revisionBefore = revision
        do throws(StoreError) {
            var outcomes: [CommitTicket.Outcome] = []
            outcomes.reserveCapacity(batch.count)
            var failed: Set<ObjectIdentifier> = []
            try statements.begin()
            for commit in batch {
                let outcome = try make(commit, failedBefore: failed)
                if case .failure = outcome { failed.insert(ObjectIdentifier(commit.ticket)) }
                outcomes.append(outcome)
            }
            if let last = retention.trim() { try statements.trimLog(through: last) }
            try statements.commit()
            return outcomes
        } catch {
            statements.rollBack()
            (retention, revision) = (retentionBefore, revisionBefore)
            return batch.map { _ in .failure(error) }
        }
    }

    /// - Throws: what makes the whole transaction fail; what concerns this commit alone is its outcome.
    private func make(
        _ commit: PendingCommit, failedBefore: Set<ObjectIdentifier>
    ) throws(StoreError) -> CommitTicket.Outcome {
        if let predecessor = commit.predecessor {
            if failedBefore.contains(ObjectIdentifier(predecessor)) { return .failure(.predecessorFailed) }
            if case .failure? = predecessor.outcome { return .failure(.predecessorFailed) }
        }
        let bytes = commit.writes.dataBytes
        guard bytes <= CommitLimit.maximumBytes else { return .failure(.tooLarge(bytes: bytes)) }
        for condition in commit.preconditions {
            let found = try statements.revision(of: condition.key)
            guard found == condition.revision else {
                return .failure(.preconditionFailed(condition.key, expected: condition.revision, found: found))
            }
        }
        let next = revision + 1
        var entry: [UInt8] = []
        entry.reserveCapacity(bytes + 96 * commit.writes.count)
        for write in commit.writes.withoutOverwritten { try apply(write, at: next, entry: &entry) }
        guard !entry.isEmpty else { return .success(revision) }
        try statements.log(next, entry)
        retention.add(next, bytes: entry.count)
        revision = next
        return .success(next)
    }

    private func apply(_ write: RecordWrite, at revision: Revision, entry: inout [UInt8]) throws(StoreError) {
        switch write {
        case .put(let key, let account, let formatVersion, let data):
            try statements.put(key, account: account, revision: revision, formatVersion: formatVersion, data: data)
            ChangeLogEntry.appendPut(key, account: account, formatVersion: formatVersion, data: data, to: &entry)
        case .delete(let key):
            if try statements.delete(key) { ChangeLogEntry.appendDelete(key, to: &entry) }
        }
    }
}
