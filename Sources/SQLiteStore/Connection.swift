// One connection to the database: how it is set up, and that it is used by one thread at a time.

import CloudStore
import GRDB
import GRDBSQLite

/// How durable and how large the database may become.
struct ConnectionSettings: Sendable {
    /// SQLite's own cache, KiB.
    var cacheKiB = 4096
    /// The largest size of the database; 0: no limit of ours.
    var maximumPages = 0

    func apply(to database: Database) throws {
        // Every commit waits until the write-ahead log is on the disk. Checkpoints are made when we say so.
        try database.execute(
            sql: """
                PRAGMA synchronous = FULL;
                PRAGMA wal_autocheckpoint = 0;
                PRAGMA journal_size_limit = \(Checkpoints.hardLimitPages * Checkpoints.pageBytes);
                PRAGMA secure_delete = FAST;
                PRAGMA cache_size = -\(cacheKiB);
                """)
        if maximumPages > 0 { try database.execute(sql: "PRAGMA max_page_count = \(maximumPages)") }
    }
}

extension DatabaseQueue {
    /// Opens the database in WAL mode with our settings.
    static func open(_ path: String, label: String, _ settings: ConnectionSettings) throws(StoreError) -> DatabaseQueue
    {
        var configuration = Configuration()
        configuration.label = label
        configuration.busyMode = .timeout(5)
        configuration.journalMode = .wal
        configuration.foreignKeysEnabled = false
        // We begin and end transactions ourselves; one left open after a failure is no reason to trap.
        configuration.allowsUnsafeTransactions = true
        let fixed = configuration
        return try catching {
            let queue = try DatabaseQueue(path: path, configuration: fixed)
            // After opening, as switching to WAL mode makes GRDB choose a weaker `synchronous`.
            try queue.writeWithoutTransaction { try settings.apply(to: $0) }
            return queue
        }
    }

    /// Runs `body` with SQLite's handle, on the calling thread, when no one else uses the connection.
    func withHandle<Value>(
        _ body: (OpaquePointer) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try catching {
            try writeWithoutTransaction { database in
                guard let handle = database.sqliteConnection else { throw StoreError.closed }
                return try body(handle)
            }
        }
    }
}
