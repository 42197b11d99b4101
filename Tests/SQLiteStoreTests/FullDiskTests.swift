// A disk that is full or fails: commits fail whole; with space again the store goes on, after a failure it is reopened.

import CloudStore
import Testing

@testable import SQLiteStore

@Suite("A store without space")
struct FullDiskTests {
    private func key(_ number: Int) -> RecordKey { RecordKey(kind: "a", id: "\(number)") }

    private func put(_ number: Int, bytes: Int) -> RecordWrite {
        .put(key(number), account: "", formatVersion: 1, data: [UInt8](repeating: 1, count: bytes))
    }

    @Test("refuses what does not fit, keeps nothing of it, and takes what fits")
    func full() async throws {
        let folder = try TemporaryFolder()
        var options = SQLiteStore.Options()
        options.maximumMiB = 1
        options.keptCommits = 1
        let store = try SQLiteStore(directory: folder.store, options: options)
        #expect(try await store.commit([put(0, bytes: 100_000)]) == 1)
        await #expect(throws: StoreError.full) {
            try await store.commit([put(1, bytes: 10), .delete(key(0)), put(2, bytes: 2_000_000)])
        }
        #expect(try await store.scan(kind: "a", account: nil).map(\.key) == [key(0)])
        #expect(try await store.commit([put(3, bytes: 10)]) == 2)
        await store.close()

        let again = try SQLiteStore(directory: folder.store)
        #expect(try await again.scan(kind: "a", account: nil).map(\.key) == [key(0), key(3)])
        #expect(try await again.problems() == [])
        await again.close()
    }
}

@Suite("A store whose disk failed while the log was copied")
struct FailedDiskTests {
    @Test("refuses commits with the reason, still reads, and loses nothing")
    func stopped() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(directory: folder.store)
        let key = RecordKey(kind: "a", id: "1")
        let write = RecordWrite.put(key, account: "", formatVersion: 1, data: [1])
        _ = try await store.commit([write])
        let reason = StoreError.inputOutput(code: 1034, message: "the database could not be synced")
        store.stopCommitting(because: reason)
        store.stopCommitting(because: .full)
        await #expect(throws: reason) { try await store.commit([.delete(key)]) }
        #expect(try await store.read(key)?.data == [1])
        await store.close()

        let again = try SQLiteStore(directory: folder.store)
        #expect(try await again.read(key)?.data == [1])
        #expect(try await again.commit([.delete(key)]) == 2)
        await again.close()
    }
}
