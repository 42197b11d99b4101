// No space left: commits fail whole, and the store goes on when there is space again.

import CloudStore
import SQLiteStore
import Testing

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
