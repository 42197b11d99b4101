// Encodes any Encodable value as CBOR: structs and string-keyed dictionaries as maps, `[UInt8]` as a byte string.
//
// The same value gives the same bytes: properties in the order in which they are encoded, dictionaries sorted by key.
// (Sets and dictionaries that Codable writes as arrays have no order to keep; records use sorted arrays instead.)

/// Turns values into records' bytes. A value type without state: make one wherever needed.
package struct CBORRecordEncoder: Sendable {
    package init() {}

    /// - Throws: `EncodingError` for a value nested more than 64 deep, or one whose `encode(to:)` returns to a
    ///   container after beginning the next; and whatever `encode(to:)` throws.
    package func encode<Value: Encodable>(_ value: Value) throws -> [UInt8] {
        let output = CBOROutput(capacity: 2048)
        try output.encode(value, depth: 0)
        output.close(downTo: 0)
        if let failure = output.failure { throw failure }
        return output.bytes
    }
}

extension CBOROutput {
    /// Writes one value of which containers open at `depth`.
    func encode<Value: Encodable>(_ value: Value, depth: Int) throws {
        if ObjectIdentifier(Value.self) == byteArray, writeByteString(value) { return }
        let start = count
        try value.encode(to: CBOREncoding(output: self, start: start, depth: depth))
        if count == start {
            // A type without properties writes nothing; a map without entries stands for it.
            _ = openContainer(.map, at: start, depth: depth)
        }
        close(downTo: depth)
        if let failure { throw failure }
    }

    /// Apart from `encode`, which would otherwise look up the array's type for every value.
    @inline(never)
    private func writeByteString(_ value: some Any) -> Bool {
        guard let bytes = value as? [UInt8] else { return false }
        write(bytes)
        return true
    }
}

/// The `Encoder` of one value: it begins at `start`, its containers open at `depth`.
struct CBOREncoding: Encoder {
    let output: CBOROutput
    let start: Int
    let depth: Int

    /// Not kept, as it would cost every value something for the sake of errors that do not happen.
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let isDictionary = ObjectIdentifier(type) == DictionaryKey.identifier
        let depth = output.openContainer(.map, at: start, depth: depth, isSorted: isDictionary)
        return KeyedEncodingContainer(MapEncoding<Key>(output: output, start: start, depth: depth))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        let depth = output.openContainer(.array, at: start, depth: depth)
        return ArrayEncoding(output: output, start: start, depth: depth)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        ValueEncoding(output: output, start: start, depth: depth)
    }
}

/// The key type with which the standard library encodes dictionaries. It is internal, so a dictionary is asked for it.
enum DictionaryKey {
    static let identifier: ObjectIdentifier? = {
        let probe = Probe()
        try? ["": true].encode(to: probe)
        return probe.keyType
    }()

    private final class Probe: Encoder {
        var keyType: ObjectIdentifier?
        private let output = CBOROutput(capacity: 64)
        var codingPath: [any CodingKey] { [] }
        var userInfo: [CodingUserInfoKey: Any] { [:] }

        func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
            keyType = ObjectIdentifier(type)
            let depth = output.openContainer(.map, at: 0, depth: 0)
            return KeyedEncodingContainer(MapEncoding<Key>(output: output, start: 0, depth: depth))
        }

        func unkeyedContainer() -> any UnkeyedEncodingContainer {
            ArrayEncoding(output: output, start: 0, depth: output.openContainer(.array, at: 0, depth: 0))
        }

        func singleValueContainer() -> any SingleValueEncodingContainer {
            ValueEncoding(output: output, start: 0, depth: 0)
        }
    }
}
