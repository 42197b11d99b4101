// What is read from the database, on a connection of its own, so that reading never waits for a commit's sync.

import CloudStore

/// Reads of the reading connection.
///
/// Unchecked, as the compiler cannot see that it is used on that connection's queue only.
final class StoreReader: @unchecked Sendable {
    private let beginning: PreparedStatement
    private let ending: PreparedStatement
    private let revision: PreparedStatement
    private let one: PreparedStatement
    private let all: PreparedStatement
    private let kind: PreparedStatement
    private let changes: PreparedStatement
    private let oldest: PreparedStatement
    private let checking: PreparedStatement

    /// What a watcher gets at once, at most (bytes of entries).
    private static let changesAtOnce = 1 << 20

    init(on connection: OpaquePointer) throws(StoreError) {
        func prepare(_ sql: String) throws(StoreError) -> PreparedStatement {
            try PreparedStatement(sql, on: connection)
        }
        let columns = "kind, id, account, revision, formatVersion, data"
        beginning = try prepare("BEGIN")
        ending = try prepare("COMMIT")
        revision = try prepare("SELECT revision FROM change ORDER BY revision DESC LIMIT 1")
        one = try prepare("SELECT \(columns) FROM record WHERE kind = ? AND id = ?")
        all = try prepare("SELECT \(columns) FROM record ORDER BY kind, id")
        kind = try prepare("SELECT \(columns) FROM record WHERE kind = ? ORDER BY id")
        changes = try prepare("SELECT revision, changes FROM change WHERE revision > ? ORDER BY revision")
        oldest = try prepare("SELECT revision, length(changes) FROM change ORDER BY revision LIMIT 1")
        checking = try prepare("PRAGMA integrity_check(20)")
    }

    /// Calls `body` with every record in key order, as of the revision that is returned.
    func load(_ body: (StoredRecord) -> Void) throws(StoreError) -> Revision {
        try inSnapshot { () throws(StoreError) in
            let newest = try newestRevision()
            try all.forEachRow { row in
                body(row.record)
                return true
            }
            return newest
        }
    }

    func read(_ key: RecordKey) throws(StoreError) -> StoredRecord? {
        try one.bind(key.kind, at: 1)
        try one.bind(key.id, at: 2)
        var found: StoredRecord?
        try one.forEachRow { row in
            found = row.record
            return false
        }
        return found
    }

    func scan(kind name: String, account: String?) throws(StoreError) -> [StoredRecord] {
        try kind.bind(name, at: 1)
        var found: [StoredRecord] = []
        try kind.forEachRow { row in
            if account == nil || row.text(2) == account { found.append(row.record) }
            return true
        }
        return found
    }

    /// Some of the commits after `known`, oldest first; none if there are none yet.
    func changeSets(after known: Revision) throws(StoreError) -> [ChangeSet] {
        try inSnapshot { () throws(StoreError) in
            let floor = try oldestWatchable()
            guard known >= floor else { throw .compacted(oldest: floor) }
            try changes.bind(Int64(bitPattern: known), at: 1)
            var sets: [ChangeSet] = []
            var bytes = 0
            try changes.forEachRow { row throws(StoreError) in
                let entry = row.bytes(1)
                sets.append(try ChangeLogEntry.read(entry, revision: Revision(bitPattern: row.integer(0))))
                bytes += entry.count
                return bytes < Self.changesAtOnce
            }
            return sets
        }
    }

    /// What SQLite finds wrong with the database; empty if nothing. Reads all of it.
    func problems() throws(StoreError) -> [String] {
        var found: [String] = []
        try checking.forEachRow { row in
            found.append(row.text(0))
            return true
        }
        return found == ["ok"] ? [] : found
    }

    private func newestRevision() throws(StoreError) -> Revision {
        var newest: Revision = 0
        try revision.forEachRow { row in
            newest = Revision(bitPattern: row.integer(0))
            return false
        }
        return newest
    }

    /// The revision after which all commits are kept. An entry without changes only marks a revision.
    private func oldestWatchable() throws(StoreError) -> Revision {
        var floor: Revision = 0
        try oldest.forEachRow { row in
            let first = Revision(bitPattern: row.integer(0))
            floor = row.integer(1) == 0 ? first : first - 1
            return false
        }
        return floor
    }

    private func inSnapshot<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        try beginning.run()
        let result: Result<Value, StoreError>
        do throws(StoreError) {
            result = .success(try body())
        } catch {
            result = .failure(error)
        }
        // A transaction that only read has nothing that could fail to be written.
        try ending.run()
        return try result.get()
    }
}

extension PreparedStatement {
    /// The current row as a record.
    fileprivate var record: StoredRecord {
        StoredRecord(
            key: RecordKey(kind: text(0), id: text(1)), account: text(2), revision: Revision(bitPattern: integer(3)),
            formatVersion: Int(integer(4)), data: bytes(5))
    }
}
