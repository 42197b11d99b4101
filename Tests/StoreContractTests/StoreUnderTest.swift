// The stores that the contract suite runs over, and how a test opens each and opens it again.

import CloudStore
import Foundation
import SQLiteStore
import Simulation

/// One kind of store. Tests take it as an argument.
enum StoreKind: String, CaseIterable, Sendable {
    case memory, sqlite
}

/// A place where a store keeps things during one test.
final class StorePlace: Sendable {
    private let kind: StoreKind
    private let contents: MemoryStore.Contents
    private let options: SQLiteStore.Options
    private let directory = NSTemporaryDirectory() + "/apus-contract-\(UUID().uuidString)"

    /// - Parameter keptCommits: how many commits can be watched from at least.
    init(_ kind: StoreKind, keptCommits: Int = 1000) {
        self.kind = kind
        contents = MemoryStore.Contents(keptCommits: keptCommits)
        var options = SQLiteStore.Options()
        options.keptCommits = keptCommits
        self.options = options
    }

    deinit {
        switch kind {
        case .memory: break
        case .sqlite:
            // An open store goes on with its open files; their names are not needed any more.
            do { try FileManager.default.removeItem(atPath: directory) } catch { print("left behind: \(directory)") }
        }
    }

    /// Closes a store that was opened here; until then the place must be kept.
    func close(_ store: any CloudStore) async { await store.close() }

    func open() throws -> any CloudStore {
        switch kind {
        case .memory: MemoryStore(on: contents)
        case .sqlite: try SQLiteStore(directory: directory, options: options)
        }
    }
}

extension RecordWrite {
    static func put(_ kind: String, _ id: String, _ data: [UInt8] = [1], account: String = "111122223333") -> Self {
        .put(RecordKey(kind: kind, id: id), account: account, formatVersion: 1, data: data)
    }

    static func delete(_ kind: String, _ id: String) -> Self { .delete(RecordKey(kind: kind, id: id)) }
}

/// Everything a store holds.
func everything(in store: any CloudStore) async throws -> (records: [StoredRecord], revision: Revision) {
    var records: [StoredRecord] = []
    let revision = try await store.load { records.append($0) }
    return (records, revision)
}
