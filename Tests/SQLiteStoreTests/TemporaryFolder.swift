// A folder for one test, removed with it; and how tests look at a store.

import CloudStore
import Foundation
import SQLiteStore
import StoreCrashProbe
import Testing

final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/apus-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("left behind: \(path)") }
    }

    /// The folder of a store in here.
    var store: String { path + "/store" }
    var database: String { store + "/records.sqlite" }
    var log: String { database + "-wal" }
}

/// Checks that the store holds exactly what the first commits of the workload leave.
///
/// - Returns: how many commits that is.
@discardableResult
func expectPrefix(in directory: String) async throws -> Revision {
    let store = try SQLiteStore(directory: directory)
    var found: [RecordKey: [UInt8]] = [:]
    let revision = try await store.load { found[$0.key] = $0.data }
    #expect(found == CrashWorkload.contents(after: revision))
    #expect(try await store.problems() == [])
    await store.close()
    return revision
}
