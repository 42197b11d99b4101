// The statements of which commits are made, on the writing connection.

import CloudStore
import GRDBSQLite

/// Prepared once for the life of the writing connection.
final class CommitStatements {
    private let connection: OpaquePointer
    private let beginning: PreparedStatement
    private let committing: PreparedStatement
    private let rollingBack: PreparedStatement
    private let findingRevision: PreparedStatement
    private let putting: PreparedStatement
    private let deleting: PreparedStatement
    private let logging: PreparedStatement
    private let trimming: PreparedStatement

    init(on connection: OpaquePointer) throws(StoreError) {
        func prepare(_ sql: String) throws(StoreError) -> PreparedStatement {
            try PreparedStatement(sql, on: connection)
        }
        self.connection = connection
        beginning = try prepare("BEGIN IMMEDIATE")
        committing = try prepare("COMMIT")
        rollingBack = try prepare("ROLLBACK")
        findingRevision = try prepare("SELECT revision FROM record WHERE kind = ? AND id = ?")
        putting = try prepare(
            """
            INSERT INTO record (kind, id, account, revision, formatVersion, data) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (kind, id) DO UPDATE SET account = excluded.account, revision = excluded.revision,
            formatVersion = excluded.formatVersion, data = excluded.data
            """)
        deleting = try prepare("DELETE FROM record WHERE kind = ? AND id = ?")
        logging = try prepare("INSERT INTO change (revision, changes) VALUES (?, ?)")
        trimming = try prepare("DELETE FROM change WHERE revision <= ?")
    }

    func begin() throws(StoreError) { try beginning.run() }

    func commit() throws(StoreError) { try committing.run() }

    /// Undoes the open transaction. After some errors SQLite has done so itself.
    func rollBack() {
        guard sqlite3_get_autocommit(connection) == 0 else { return }
        do throws(StoreError) {
            try rollingBack.run()
        } catch {
            // The next BEGIN tells, if the transaction is indeed still open.
        }
    }

    func revision(of key: RecordKey) throws(StoreError) -> Revision? {
        try findingRevision.bind(key.kind, at: 1)
        try findingRevision.bind(key.id, at: 2)
        var revision: Revision?
        try findingRevision.forEachRow { row in
            revision = Revision(bitPattern: row.integer(0))
            return false
        }
        return revision
    }

    func put(
        _ key: RecordKey, account: String, revision: Revision, formatVersion: Int, data: [UInt8]
    ) throws(StoreError) {
        try putting.bind(key.kind, at: 1)
        try putting.bind(key.id, at: 2)
        try putting.bind(account, at: 3)
        try putting.bind(Int64(bitPattern: revision), at: 4)
        try putting.bind(Int64(formatVersion), at: 5)
        try putting.bind(data, at: 6)
        try putting.run()
    }

    /// - Returns: whether there was such a record.
    func delete(_ key: RecordKey) throws(StoreError) -> Bool {
        try deleting.bind(key.kind, at: 1)
        try deleting.bind(key.id, at: 2)
        try deleting.run()
        return sqlite3_changes(connection) > 0
    }

    func log(_ revision: Revision, _ changes: [UInt8]) throws(StoreError) {
        try logging.bind(Int64(bitPattern: revision), at: 1)
        try logging.bind(changes, at: 2)
        try logging.run()
    }

    func trimLog(through revision: Revision) throws(StoreError) {
        try trimming.bind(Int64(bitPattern: revision), at: 1)
        try trimming.run()
    }
}
