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

    /// nil where the bytes cannot be read.
    static func read<Record: CloudRecord>(_ type: Record.Type, _ stored: StoredRecord) -> Record? {
        guard stored.formatVersion == formatVersion else { return nil }
        return try? CBORRecordDecoder().decode(type, from: stored.data)
    }
}
