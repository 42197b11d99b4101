// Stores written by older versions open with everything in them; those of newer versions are left alone.

import CloudStore
import Foundation
import GRDB
import Testing

@testable import SQLiteStore

@Suite("A store of another version")
struct MigrationTests {
    /// The migrations as they were released. A line is added here with each new one; none is ever changed.
    private static let released = [
        (
            "records",
            """
            PRAGMA application_id = 0x41707573;
            CREATE TABLE record (
                kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL,
                revision INTEGER NOT NULL, formatVersion INTEGER NOT NULL, data BLOB NOT NULL);
            CREATE UNIQUE INDEX recordKey ON record (kind, id);
            """
        ),
        (
            "changes",
            """
            CREATE TABLE change (revision INTEGER PRIMARY KEY, changes BLOB NOT NULL);
            INSERT INTO change SELECT max(revision), x'' FROM record HAVING count(*) > 0;
            """
        ),
    ]

    @Test("is opened by migrations that begin with all that were released, unchanged")
    func appendOnly() {
        #expect(Schema.migrations.map(\.name).starts(with: Self.released.map(\.0)))
        #expect(Schema.migrations.map(\.sql).starts(with: Self.released.map(\.1)))
    }

    private func makeStore(in folder: TemporaryFolder, version: Int) throws {
        try FileManager.default.createDirectory(atPath: folder.store, withIntermediateDirectories: true)
        let queue = try DatabaseQueue.open(folder.database, label: "test", ConnectionSettings())
        try Schema.migrate(queue, first: version)
        try queue.write { database in
            for number in 1...3 {
                try database.execute(
                    sql:
                        "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)",
                    arguments: ["a", "\(number)", "111122223333", 40 + number, 2, Data([UInt8(number)])])
            }
            if version >= 2 { try database.execute(sql: "INSERT INTO change VALUES (43, x'')") }
        }
        try queue.close()
    }

    @Test("that is older opens with every record and goes on from its revision", arguments: 1...Schema.migrations.count)
    func older(version: Int) async throws {
        let folder = try TemporaryFolder()
        try makeStore(in: folder, version: version)
        let store = try SQLiteStore(directory: folder.store)
        var records: [StoredRecord] = []
        #expect(try await store.load { records.append($0) } == 43)
        #expect(records.map(\.data) == [[1], [2], [3]])
        #expect(records.map(\.revision) == [41, 42, 43])
        #expect(records.allSatisfy { $0.account == "111122223333" && $0.formatVersion == 2 })
        let key = RecordKey(kind: "a", id: "1")
        #expect(try await store.commit([.delete(key)], if: [Precondition(key, is: 41)]) == 44)
        for try await set in store.watch(from: 43) {
            #expect(set == ChangeSet(revision: 44, changes: [.delete(key)]))
            break
        }
        await #expect(throws: StoreError.compacted(oldest: 43)) {
            for try await _ in store.watch(from: 42) { break }
        }
        await store.close()
    }

    @Test("that is newer is refused, naming what is not known")
    func newer() throws {
        let folder = try TemporaryFolder()
        try makeStore(in: folder, version: Schema.migrations.count)
        do {
            let queue = try DatabaseQueue(path: folder.database)
            try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('spaceTravel')") }
            try queue.close()
        }
        #expect(throws: StoreError.newerSchema(["spaceTravel"])) { try SQLiteStore(directory: folder.store) }
    }
}
