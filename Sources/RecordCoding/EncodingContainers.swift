// The three containers into which Codable writes: a map, an array, and a single value.

/// Writes the entries of the map that begins at `start`.
struct MapEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let output: CBOROutput
    let start: Int
    let depth: Int
    var codingPath: [any CodingKey] { [] }

    private func begin(_ key: some CodingKey) {
        output.beginEntry(ofContainerAt: start, depth: depth)
        output.write(key.stringValue)
    }

    func encodeNil(forKey key: Key) {
        begin(key)
        output.writeNull()
    }

    func encode(_ value: Bool, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: String, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: Double, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: Float, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: Int, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: Int8, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: Int16, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: Int32, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: Int64, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: UInt, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: UInt8, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: UInt16, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: UInt32, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode(_ value: UInt64, forKey key: Key) {
        begin(key)
        output.write(value)
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        begin(key)
        try output.encode(value, depth: depth + 1)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { nested(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { nested(SuperKey()) }

    func superEncoder(forKey key: Key) -> any Encoder { nested(key) }

    private func nested(_ key: some CodingKey) -> CBOREncoding {
        begin(key)
        output.leaveValue(ofContainerAt: start, depth: depth)
        return CBOREncoding(output: output, start: output.count, depth: depth + 1)
    }
}

/// The key under which Codable puts a superclass's values.
struct SuperKey: CodingKey {
    var stringValue: String { "super" }
    var intValue: Int? { nil }
    init() {}
    init?(stringValue: String) { nil }
    init?(intValue: Int) { nil }
}

/// Writes the elements of the array that begins at `start`.
struct ArrayEncoding: UnkeyedEncodingContainer {
    let output: CBOROutput
    let start: Int
    let depth: Int
    var codingPath: [any CodingKey] { [] }
    var count: Int { output.entryCount(ofContainerAt: start, depth: depth) }

    private func begin() { output.beginEntry(ofContainerAt: start, depth: depth) }

    func encodeNil() {
        begin()
        output.writeNull()
    }

    func encode(_ value: Bool) {
        begin()
        output.write(value)
    }

    func encode(_ value: String) {
        begin()
        output.write(value)
    }

    func encode(_ value: Double) {
        begin()
        output.write(value)
    }

    func encode(_ value: Float) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int8) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int16) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int32) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int64) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt8) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt16) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt32) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt64) {
        begin()
        output.write(value)
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        begin()
        try output.encode(value, depth: depth + 1)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nested().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }

    func superEncoder() -> any Encoder { nested() }

    private func nested() -> CBOREncoding {
        begin()
        output.leaveValue(ofContainerAt: start, depth: depth)
        return CBOREncoding(output: output, start: output.count, depth: depth + 1)
    }
}

/// Writes the one value that begins at `start`.
struct ValueEncoding: SingleValueEncodingContainer {
    let output: CBOROutput
    let start: Int
    let depth: Int
    var codingPath: [any CodingKey] { [] }

    private func begin() {
        if output.count != start { output.fail("a single value was written twice") }
    }

    func encodeNil() {
        begin()
        output.writeNull()
    }

    func encode(_ value: Bool) {
        begin()
        output.write(value)
    }

    func encode(_ value: String) {
        begin()
        output.write(value)
    }

    func encode(_ value: Double) {
        begin()
        output.write(value)
    }

    func encode(_ value: Float) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int8) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int16) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int32) {
        begin()
        output.write(value)
    }

    func encode(_ value: Int64) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt8) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt16) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt32) {
        begin()
        output.write(value)
    }

    func encode(_ value: UInt64) {
        begin()
        output.write(value)
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        begin()
        try output.encode(value, depth: depth)
    }
}
