// Opening a store: who may, what is found there, and what is made of it.

import CloudStore
import Foundation
import GRDB
import Testing

@testable import SQLiteStore

@Suite("Opening a store")
struct OpeningTests {
    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("makes a private folder with private files")
    func privateFiles() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(directory: folder.store)
        _ = try await store.commit([.put(RecordKey(kind: "a", id: "1"), account: "", formatVersion: 1, data: [1])])
        #expect(try mode(folder.store) == 0o700)
        for name in ["lock", "records.sqlite", "records.sqlite-wal", "records.sqlite-shm"] {
            #expect(try mode(folder.store + "/" + name) == 0o600, "\(name)")
        }
        await store.close()
    }

    @Test("is refused while another has it open, telling who, and works once that one has closed")
    func lock() async throws {
        let folder = try TemporaryFolder()
        let first = try SQLiteStore(directory: folder.store)
        #expect(throws: StoreError.alreadyInUse(pid: getpid())) { try SQLiteStore(directory: folder.store) }
        await first.close()
        let second = try SQLiteStore(directory: folder.store)
        await second.close()
    }

    @Test("is refused where the folder cannot be made")
    func noFolder() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/absent/store"
        #expect(throws: StoreError.cannotOpen(path: path, errno: ENOENT)) { try SQLiteStore(directory: path) }
    }

    @Test("syncs every commit to the disk, and makes no checkpoint inside one")
    func settings() throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue.open(folder.path + "/x", label: "test", ConnectionSettings())
        let found = try queue.writeWithoutTransaction { database in
            try ["journal_mode", "synchronous", "wal_autocheckpoint"].map {
                try String.fetchOne(database, sql: "PRAGMA \($0)")
            }
        }
        #expect(found == ["wal", "2", "0"])
    }

    @Test("is refused for a file that is no database, which stays as it was")
    func garbage() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.store, withIntermediateDirectories: true)
        let bytes = Data(repeating: 0x41, count: 10_000)
        try bytes.write(to: URL(fileURLWithPath: folder.database))
        let error = #expect(throws: StoreError.self) { try SQLiteStore(directory: folder.store) }
        guard case .damaged? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(FileManager.default.contents(atPath: folder.database) == bytes)
    }

    @Test("is refused for another program's database")
    func foreign() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.store, withIntermediateDirectories: true)
        do {
            let other = try DatabaseQueue(path: folder.database)
            try other.write { try $0.execute(sql: "CREATE TABLE record (x)") }
            try other.close()
        }
        #expect(throws: StoreError.damaged("the file holds the tables of another program")) {
            try SQLiteStore(directory: folder.store)
        }
    }

    @Test("tells of pages that are damaged when they are read")
    func damagedPages() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(directory: folder.store)
        for id in 0..<50 {
            _ = try await store.commit([
                .put(
                    RecordKey(kind: "a", id: "\(id)"), account: "", formatVersion: 1,
                    data: .init(repeating: 7, count: 3000))
            ])
        }
        await store.close()
        var bytes = try #require(FileManager.default.contents(atPath: folder.database))
        for page in 2..<bytes.count / 4096 {
            bytes.replaceSubrange(page * 4096..<page * 4096 + 64, with: Data(repeating: 0xEE, count: 64))
        }
        try bytes.write(to: URL(fileURLWithPath: folder.database))
        await #expect(throws: StoreError.self) {
            let damaged = try SQLiteStore(directory: folder.store)
            _ = try await damaged.load { _ in }
        }
    }
}
