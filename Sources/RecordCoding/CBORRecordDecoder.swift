// Decodes what `CBORRecordEncoder` wrote, now or in another version: unknown keys are passed over, a missing key is nil
// for an optional property and an error for others. Any bytes at all give a value or an error, never a trap.

/// Turns records' bytes into values. A value type without state: make one wherever needed.
package struct CBORRecordDecoder: Sendable {
    package init() {}

    /// - Throws: `DecodingError` with the path to what is wrong; and whatever `init(from:)` throws.
    package func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        try CBORInput(bytes).decode(type, at: 0)
    }
}

/// The `Decoder` of one item.
struct CBORDecoding: Decoder {
    let input: CBORInput
    let item: Int

    var codingPath: [any CodingKey] { input.path(to: item) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try MapDecoding<Key>(input, item: item))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try ArrayDecoding(input, item: item) }

    func singleValueContainer() -> any SingleValueDecodingContainer { ValueDecoding(input: input, item: item) }
}

/// The type that is coded as a byte string, kept as looking a generic type up costs something each time.
let byteArray = ObjectIdentifier([UInt8].self)

// MARK: - Reading one item as a Swift value

extension CBORInput {
    func decode<Value: Decodable>(_ type: Value.Type, at item: Int) throws -> Value {
        if ObjectIdentifier(type) == byteArray, let bytes: Value = byteString(at: item) { return bytes }
        return try Value(from: CBORDecoding(input: self, item: item))
    }

    /// Apart from `decode`, which would otherwise look up the array's type for every value.
    @inline(never)
    private func byteString<Value>(at item: Int) -> Value? {
        let head = head(of: item)
        // Bytes that were written as an array of numbers are read as one.
        return head.type == .bytes ? [UInt8](contents(of: head)) as? Value : nil
    }

    func isNull(_ item: Int) -> Bool { initialByte(of: item) == Simple.null }

    func bool(at item: Int) throws -> Bool {
        switch initialByte(of: item) {
        case Simple.true: return true
        case Simple.false: return false
        default: throw mismatch(Bool.self, item)
        }
    }

    func string(at item: Int) throws -> String {
        let head = head(of: item)
        guard head.type == .text else { throw mismatch(String.self, item) }
        guard let text = CBORInput.validText(contents(of: head)) else {
            throw corrupted("text that is not UTF-8", item)
        }
        return text
    }

    func integer<Number: FixedWidthInteger>(_ type: Number.Type, at item: Int) throws -> Number {
        let head = head(of: item)
        let number: Number?
        switch head.type {
        case .unsigned: number = Number(exactly: head.argument)
        case .negative: number = Int64(exactly: head.argument).flatMap { Number(exactly: ~$0) }
        case .bytes, .text, .array, .map, .tag, .simple: throw mismatch(type, item)
        }
        guard let number else { throw corrupted("a number that does not fit \(type)", item) }
        return number
    }

    /// A floating-point number of any width, or an integer.
    func double(at item: Int) throws -> Double {
        let head = head(of: item)
        switch head.type {
        case .unsigned:
            return Double(head.argument)
        case .negative:
            return -1 - Double(head.argument)
        case .bytes, .text, .array, .map, .tag:
            throw mismatch(Double.self, item)
        case .simple:
            switch initialByte(of: item) {
            case Simple.half: return Double(halfBits: UInt16(truncatingIfNeeded: head.argument))
            case Simple.single: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: head.argument)))
            case Simple.double: return Double(bitPattern: head.argument)
            default: throw mismatch(Double.self, item)
            }
        }
    }

    func mismatch(_ type: Any.Type, _ item: Int) -> DecodingError {
        let context = DecodingError.Context(codingPath: path(to: item), debugDescription: "found \(kind(of: item))")
        return isNull(item) ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    func corrupted(_ reason: String, _ item: Int) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: path(to: item), debugDescription: reason))
    }

    private func kind(of item: Int) -> String {
        switch head(of: item).type {
        case .unsigned, .negative: "an integer"
        case .bytes: "bytes"
        case .text: "text"
        case .array: "an array"
        case .map: "a map"
        case .tag: "a tag"
        case .simple: isNull(item) ? "null" : "a Boolean or a floating-point number"
        }
    }
}

extension Double {
    /// A number in half precision (IEEE 754 binary16), which other writers of CBOR may choose.
    init(halfBits bits: UInt16) {
        let magnitude: Double
        let fraction = Double(bits & 0x3FF)
        switch (bits >> 10) & 31 {
        case 0: magnitude = fraction * 0x1p-24
        case 31: magnitude = fraction == 0 ? .infinity : .nan
        case let exponent: magnitude = Double(sign: .plus, exponent: Int(exponent) - 25, significand: 1024 + fraction)
        }
        self = bits & 0x8000 == 0 ? magnitude : -magnitude
    }
}
