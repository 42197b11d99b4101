// How one commit's changes lie in a row of the change log: a plain list, each field with its length before it.

import CloudStore

/// Writes and reads the `changes` column. Numbers are little-endian.
enum ChangeLogEntry {
    private static let put: UInt8 = 1
    private static let delete: UInt8 = 2

    static func appendPut(
        _ key: RecordKey, account: String, formatVersion: Int, data: [UInt8], to entry: inout [UInt8]
    ) {
        entry.append(put)
        append(key.kind, to: &entry)
        append(key.id, to: &entry)
        append(account, to: &entry)
        append(UInt64(bitPattern: Int64(formatVersion)), to: &entry)
        append(UInt64(data.count), to: &entry)
        entry.append(contentsOf: data)
    }

    static func appendDelete(_ key: RecordKey, to entry: inout [UInt8]) {
        entry.append(delete)
        append(key.kind, to: &entry)
        append(key.id, to: &entry)
    }

    private static func append(_ text: String, to entry: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            append(UInt64(bytes.count), to: &entry)
            entry.append(contentsOf: bytes)
        }
    }

    private static func append(_ number: UInt64, to entry: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { entry.append(contentsOf: $0) }
    }

    /// - Throws: `.damaged` if the bytes are not what was written.
    static func read(_ entry: [UInt8], revision: Revision) throws(StoreError) -> ChangeSet {
        var reader = Reader(entry: entry, revision: revision)
        var changes: [RecordChange] = []
        while reader.place < entry.count { changes.append(try reader.change()) }
        return ChangeSet(revision: revision, changes: changes)
    }

    private struct Reader {
        let entry: [UInt8]
        let revision: Revision
        var place = 0

        private var damaged: StoreError { .damaged("the change log at revision \(revision), byte \(place)") }

        mutating func change() throws(StoreError) -> RecordChange {
            let what = entry[place]
            place += 1
            let key = RecordKey(kind: try text(), id: try text())
            switch what {
            case delete:
                return .delete(key)
            case put:
                let account = try text()
                let format = Int(Int64(bitPattern: try number()))
                let data = Array(try bytes())
                return .put(
                    StoredRecord(key: key, account: account, revision: revision, formatVersion: format, data: data))
            default:
                throw damaged
            }
        }

        private mutating func text() throws(StoreError) -> String { String(decoding: try bytes(), as: UTF8.self) }

        private mutating func bytes() throws(StoreError) -> ArraySlice<UInt8> {
            let count = try number()
            guard count <= UInt64(entry.count - place) else { throw damaged }
            defer { place += Int(count) }
            return entry[place..<place + Int(count)]
        }

        private mutating func number() throws(StoreError) -> UInt64 {
            guard entry.count - place >= 8 else { throw damaged }
            defer { place += 8 }
            return entry[place..<place + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
