// Records to the store's bytes and back.

internal import CloudStore
internal import CloudTypes
internal import RecordCoding

enum RecordCodec {
    /// The layout of all kinds; a change that old bytes cannot bear gets a new number and a migration.
    static let formatVersion = 1

    static func write<Record: CloudRecord>(_ record: Record, _ key: RecordKey) throws(EC2Error) -> RecordWrite {
        do {
            let data = try CBORRecordEncoder().encode(record)
            return .put(key, account: record.account.description, formatVersion: formatVersion, data: data)
        } catch {
            throw .internalError(logged: "record \(key) cannot be encoded: \(error)")
        }
    }

    /// Puts the stored record into its table. Returns whether it could be read; if not it stays in the store as it is.
    static func load(_ stored: StoredRecord, into state: inout CloudState) -> Bool {
        guard let kind = kinds[stored.key.kind] else { return false }
        return insert(kind, stored, into: &state)
    }

    private static let kinds = Dictionary(uniqueKeysWithValues: CloudState.kinds.map { ($0.kind, $0) })

    private static func insert<Record: CloudRecord>(
        _ kind: Record.Type, _ stored: StoredRecord, into state: inout CloudState
    ) -> Bool {
        guard stored.formatVersion == formatVersion,
            let record = try? CBORRecordDecoder().decode(Record.self, from: stored.data)
        else { return false }
        state.put(record)
        return true
    }
}
