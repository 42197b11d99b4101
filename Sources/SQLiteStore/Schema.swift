// The tables, as a list of named migrations. The list only ever grows: what was released is never edited.

import CloudStore
import GRDB

enum Schema {
    struct Migration: Sendable {
        let name: String
        let sql: String
    }

    static let migrations = [
        // `application_id` is "Apus". Records are looked up by key only; views of them are the control plane's matter.
        Migration(
            name: "records",
            sql: """
                PRAGMA application_id = 0x41707573;
                CREATE TABLE record (
                    kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL,
                    revision INTEGER NOT NULL, formatVersion INTEGER NOT NULL, data BLOB NOT NULL);
                CREATE UNIQUE INDEX recordKey ON record (kind, id);
                """),
        // One row a commit, the newest always kept, as it tells the store's revision. Empty `changes`: unknown.
        Migration(
            name: "changes",
            sql: """
                CREATE TABLE change (revision INTEGER PRIMARY KEY, changes BLOB NOT NULL);
                INSERT INTO change SELECT max(revision), x'' FROM record HAVING count(*) > 0;
                """),
    ]

    /// Brings the tables to the newest version.
    ///
    /// - Parameter count: stop after so many migrations, as an older version of Apus would have.
    /// - Throws: `.newerSchema` if a newer version of Apus was here; `.damaged` if the file is no store of ours.
    static func migrate(_ queue: DatabaseQueue, first count: Int = migrations.count) throws(StoreError) {
        var migrator = DatabaseMigrator()
        for migration in migrations.prefix(count) {
            migrator.registerMigration(migration.name) { database in try database.execute(sql: migration.sql) }
        }
        let applied: [String] = try catching { try queue.read(appliedNames) }
        let unknown = applied.filter { name in !migrations.contains { $0.name == name } }
        guard unknown.isEmpty else { throw .newerSchema(unknown) }
        try catching { try migrator.migrate(queue) }
    }

    private static func appliedNames(_ database: Database) throws -> [String] {
        let tables = try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        guard !tables.isEmpty else { return [] }
        guard try Int.fetchOne(database, sql: "PRAGMA application_id") == 0x4170_7573 else {
            throw StoreError.damaged("the file holds the tables of another program")
        }
        return try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")
    }
}

/// Runs what may throw an error of SQLite's and tells it as ours.
func catching<Value>(_ body: () throws -> Value) throws(StoreError) -> Value {
    do {
        return try body()
    } catch let error as StoreError {
        throw error
    } catch let error as DatabaseError {
        throw StoreError(code: error.extendedResultCode.rawValue, message: error.message ?? "")
    } catch {
        throw .inputOutput(code: 0, message: "\(error)")
    }
}
