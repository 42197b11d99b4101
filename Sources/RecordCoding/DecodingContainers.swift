// The three containers from which Codable reads: a map, an array, and a single value.

/// Finds the entries of one map. Where a key was found tells where to look for the next one, so reading the properties
/// in the order in which they were written takes one step each.
final class MapCursor {
    let input: CBORInput
    let item: Int
    private let end: Int
    private var entry: Int

    init(_ input: CBORInput, item: Int) throws {
        guard input.head(of: item).type == .map else { throw input.mismatch([String: Any].self, item) }
        self.input = input
        self.item = item
        end = input.next(after: item)
        entry = item + 1
    }

    /// The items of the keys.
    var keys: [Int] {
        var keys: [Int] = []
        var entry = item + 1
        while entry < end {
            keys.append(entry)
            entry = input.next(after: input.next(after: entry))
        }
        return keys
    }

    /// The value's item; nil if there is no such key.
    func find(_ name: String) -> Int? {
        var name = name
        return name.withUTF8 { name in
            let first = entry
            return find(name, from: first, to: end) ?? find(name, from: item + 1, to: first)
        }
    }

    private func find(_ name: UnsafeBufferPointer<UInt8>, from first: Int, to end: Int) -> Int? {
        var entry = first
        while entry < end {
            let value = input.next(after: entry)
            let next = input.next(after: value)
            if input.isText(entry, name) {
                self.entry = next
                return value
            }
            entry = next
        }
        return nil
    }
}

/// Reads the entries of a map by key.
struct MapDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let cursor: MapCursor
    private var input: CBORInput { cursor.input }

    init(_ input: CBORInput, item: Int) throws { cursor = try MapCursor(input, item: item) }

    var codingPath: [any CodingKey] { input.path(to: cursor.item) }

    var allKeys: [Key] {
        var keys: [Key] = []
        for item in cursor.keys {
            if let text = input.text(of: item), let key = Key(stringValue: text) { keys.append(key) }
        }
        return keys
    }

    func contains(_ key: Key) -> Bool { cursor.find(key.stringValue) != nil }

    private func value(of key: some CodingKey) throws -> Int {
        if let value = cursor.find(key.stringValue) { return value }
        throw DecodingError.keyNotFound(
            key, DecodingError.Context(codingPath: codingPath, debugDescription: "no such key"))
    }

    /// The value's item; nil if there is none or it is null.
    private func present(_ key: Key) -> Int? { cursor.find(key.stringValue).flatMap { input.isNull($0) ? nil : $0 } }

    func decodeNil(forKey key: Key) throws -> Bool { input.isNull(try value(of: key)) }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try input.bool(at: value(of: key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try input.string(at: value(of: key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try input.double(at: value(of: key)) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try Float(input.double(at: value(of: key))) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try input.integer(type, at: value(of: key)) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try input.integer(type, at: value(of: key)) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try input.integer(type, at: value(of: key)) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try input.integer(type, at: value(of: key)) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try input.integer(type, at: value(of: key)) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try input.integer(type, at: value(of: key)) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try input.integer(type, at: value(of: key)) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try input.integer(type, at: value(of: key)) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try input.integer(type, at: value(of: key)) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try input.integer(type, at: value(of: key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try input.decode(type, at: value(of: key))
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try present(key).map { try input.bool(at: $0) }
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try present(key).map { try input.string(at: $0) }
    }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try present(key).map { try input.double(at: $0) }
    }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
        try present(key).map { try Float(input.double(at: $0)) }
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try present(key).map { try input.integer(type, at: $0) }
    }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? {
        try present(key).map { try input.integer(type, at: $0) }
    }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? {
        try present(key).map { try input.integer(type, at: $0) }
    }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? {
        try present(key).map { try input.integer(type, at: $0) }
    }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
        try present(key).map { try input.integer(type, at: $0) }
    }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? {
        try present(key).map { try input.integer(type, at: $0) }
    }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? {
        try present(key).map { try input.integer(type, at: $0) }
    }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? {
        try present(key).map { try input.integer(type, at: $0) }
    }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? {
        try present(key).map { try input.integer(type, at: $0) }
    }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
        try present(key).map { try input.integer(type, at: $0) }
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try present(key).map { try input.decode(type, at: $0) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(try MapDecoding<Nested>(input, item: value(of: key)))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try ArrayDecoding(input, item: value(of: key))
    }

    func superDecoder() throws -> any Decoder { CBORDecoding(input: input, item: try value(of: SuperKey())) }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        CBORDecoding(input: input, item: try value(of: key))
    }
}

/// Reads the elements of an array one after the other.
struct ArrayDecoding: UnkeyedDecodingContainer {
    private let input: CBORInput
    private let item: Int
    private let end: Int
    private var current: Int
    private(set) var currentIndex = 0
    let count: Int?

    init(_ input: CBORInput, item: Int) throws {
        let head = input.head(of: item)
        guard head.type == .array else { throw input.mismatch([Any].self, item) }
        self.input = input
        self.item = item
        end = input.next(after: item)
        current = item + 1
        count = Int(head.argument)
    }

    var codingPath: [any CodingKey] { input.path(to: item) }
    var isAtEnd: Bool { current >= end }

    /// Reads the current element and, if that succeeds, moves to the next.
    private mutating func take<Value>(_ type: Any.Type, _ read: (Int) throws -> Value) throws -> Value {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                type, DecodingError.Context(codingPath: codingPath, debugDescription: "no more elements"))
        }
        let value = try read(current)
        current = input.next(after: current)
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, input.isNull(current) else { return false }
        return try take(Never.self) { _ in true }
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try take(type) { [input] in try input.bool(at: $0) } }
    mutating func decode(_ type: String.Type) throws -> String {
        try take(type) { [input] in try input.string(at: $0) }
    }
    mutating func decode(_ type: Double.Type) throws -> Double {
        try take(type) { [input] in try input.double(at: $0) }
    }
    mutating func decode(_ type: Float.Type) throws -> Float {
        try take(type) { [input] in try Float(input.double(at: $0)) }
    }
    mutating func decode(_ type: Int.Type) throws -> Int {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }
    mutating func decode(_ type: Int8.Type) throws -> Int8 {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }
    mutating func decode(_ type: Int16.Type) throws -> Int16 {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }
    mutating func decode(_ type: Int32.Type) throws -> Int32 {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }
    mutating func decode(_ type: Int64.Type) throws -> Int64 {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }
    mutating func decode(_ type: UInt.Type) throws -> UInt {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 {
        try take(type) { [input] in try input.integer(type, at: $0) }
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try take(type) { [input] in try input.decode(type, at: $0) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try take(type) { [input] in KeyedDecodingContainer(try MapDecoding<Nested>(input, item: $0)) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take([Any].self) { [input] in try ArrayDecoding(input, item: $0) }
    }

    mutating func superDecoder() throws -> any Decoder {
        try take((any Decoder).self) { [input] in CBORDecoding(input: input, item: $0) }
    }
}

/// Reads one item.
struct ValueDecoding: SingleValueDecodingContainer {
    let input: CBORInput
    let item: Int
    var codingPath: [any CodingKey] { input.path(to: item) }

    func decodeNil() -> Bool { input.isNull(item) }

    func decode(_ type: Bool.Type) throws -> Bool { try input.bool(at: item) }
    func decode(_ type: String.Type) throws -> String { try input.string(at: item) }
    func decode(_ type: Double.Type) throws -> Double { try input.double(at: item) }
    func decode(_ type: Float.Type) throws -> Float { try Float(input.double(at: item)) }
    func decode(_ type: Int.Type) throws -> Int { try input.integer(type, at: item) }
    func decode(_ type: Int8.Type) throws -> Int8 { try input.integer(type, at: item) }
    func decode(_ type: Int16.Type) throws -> Int16 { try input.integer(type, at: item) }
    func decode(_ type: Int32.Type) throws -> Int32 { try input.integer(type, at: item) }
    func decode(_ type: Int64.Type) throws -> Int64 { try input.integer(type, at: item) }
    func decode(_ type: UInt.Type) throws -> UInt { try input.integer(type, at: item) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try input.integer(type, at: item) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try input.integer(type, at: item) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try input.integer(type, at: item) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try input.integer(type, at: item) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try input.decode(type, at: item) }
}
