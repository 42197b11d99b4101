// The records at start: read in the order of the store, decoded meanwhile on every processor.

internal import CloudStore

/// A kind of record with its type erased: how what is stored becomes a table.
///
/// Made once for each kind, with its type known, so that the compiler makes the work on tables for that type.
struct RecordKind: Sendable {
    let name: String
    /// Fills the table of the kind with stored records.
    let load: @Sendable ([StoredRecord]) async -> LoadedTable

    init<Record: CloudRecord>(_ type: Record.Type) {
        name = Record.kind
        load = { stored in
            var table = Table<Record>()
            var unreadable: [RecordKey: String] = [:]
            let records = await RecordKind.decode(type, stored)
            for (place, record) in records.enumerated() {
                if let record { table.put(record) } else { unreadable[stored[place].key] = stored[place].account }
            }
            return LoadedTable(unreadable: unreadable) { [table] in $0.set(table) }
        }
    }

    /// Records decoded in one go.
    private static let batch = 1024

    /// The records in the order of what is stored; nil for each that cannot be read.
    private static func decode<Record: CloudRecord>(
        _ type: Record.Type, _ stored: [StoredRecord]
    ) async -> [Record?] {
        guard stored.count > batch else { return stored.map { RecordCodec.read(type, $0) } }
        return await withTaskGroup(of: (Int, [Record?]).self) { group in
            for first in stride(from: 0, to: stored.count, by: batch) {
                let part = stored[first..<min(stored.count, first + batch)]
                group.addTask { (first, part.map { RecordCodec.read(type, $0) }) }
            }
            var batches: [Int: [Record?]] = [:]
            for await (first, records) in group { batches[first] = records }
            return stride(from: 0, to: stored.count, by: batch).flatMap { batches[$0] ?? [] }
        }
    }
}

/// The records of one kind.
struct LoadedTable: Sendable {
    /// What stays in the store as it is, and whose it is.
    let unreadable: [RecordKey: String]
    let install: @Sendable (inout CloudState) -> Void
}

/// All records of a store.
struct LoadedRecords {
    private(set) var state = CloudState()
    /// What cannot be read, and whose it is.
    private(set) var unreadable: [RecordKey: String] = [:]

    /// Reads the store. While it is read, what was read before is decoded, kind by kind.
    init(from store: any CloudStore) async throws(StoreError) {
        let kinds = Dictionary(uniqueKeysWithValues: CloudState.kinds.map { ($0.name, $0) })
        var unknown: [RecordKey: String] = [:]
        let outcome: Result<[LoadedTable], StoreError> = await withTaskGroup(of: LoadedTable.self) { group in
            var records: [StoredRecord] = []
            func decodeSoFar() {
                guard let name = records.first?.key.kind else { return }
                if let kind = kinds[name] {
                    group.addTask { [records] in await kind.load(records) }
                } else {
                    for record in records { unknown[record.key] = record.account }
                }
                records = []
            }
            do throws(StoreError) {
                _ = try await store.load { stored in
                    if let last = records.last, last.key.kind != stored.key.kind { decodeSoFar() }
                    records.append(stored)
                }
            } catch {
                return .failure(error)
            }
            decodeSoFar()
            var tables: [LoadedTable] = []
            for await table in group { tables.append(table) }
            return .success(tables)
        }
        unreadable = unknown
        for table in try outcome.get() {
            table.install(&state)
            unreadable.merge(table.unreadable) { first, _ in first }
        }
    }
}
