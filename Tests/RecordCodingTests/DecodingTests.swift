// Reading what another version wrote, what other tools wrote, and what nobody should have written.

import RecordCoding
import Testing

private func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
    try CBORRecordDecoder().decode(type, from: bytes)
}

@Suite("Decoding")
struct DecodingTests {
    struct Old: Codable, Equatable {
        var id = "i-1"
        var removed = [["deep": 1]]
        var size = 8
    }

    struct New: Codable, Equatable {
        var size: Double
        var added: String?
        var id: String
    }

    struct Stricter: Codable {
        var id: String
        var needed: Int
    }

    @Test("passes over keys it does not know, finds keys in any order, and leaves missing optionals nil")
    func tolerance() throws {
        let bytes = try CBORRecordEncoder().encode(Old())
        #expect(try decode(New.self, bytes) == New(size: 8, added: nil, id: "i-1"))
    }

    @Test("names a missing key and the path to it")
    func missingKey() throws {
        let bytes = try CBORRecordEncoder().encode(["list": [Old()]])
        let error = #expect(throws: DecodingError.self) { try decode([String: [Stricter]].self, bytes) }
        guard case .keyNotFound(let key, let context)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(key.stringValue == "needed")
        #expect(context.codingPath.map(\.stringValue) == ["list", "0"])
    }

    @Test("tells the path to a value of the wrong type")
    func mismatch() throws {
        let bytes = try CBORRecordEncoder().encode(["a": ["x"], "b": ["y"]])
        let error = #expect(throws: DecodingError.self) { try decode([String: [Int]].self, bytes) }
        guard case .typeMismatch(_, let context)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(context.codingPath.last?.intValue == 0)
        #expect(context.codingPath.count == 2)
    }

    @Test("refuses numbers that do not fit")
    func range() throws {
        #expect(throws: DecodingError.self) { try decode(UInt8.self, CBORRecordEncoder().encode(256)) }
        #expect(throws: DecodingError.self) { try decode(UInt.self, CBORRecordEncoder().encode(-1)) }
        #expect(throws: DecodingError.self) { try decode(Int64.self, [0x3B] + [UInt8](repeating: 0xFF, count: 8)) }
    }

    @Test("reads floating-point numbers of every width, and integers where they are asked for as such")
    func numbers() throws {
        #expect(try decode(Double.self, [0xF9, 0x3C, 0x00]) == 1)
        #expect(try decode(Double.self, [0xF9, 0xC4, 0x00]) == -4)
        #expect(try decode(Double.self, [0xF9, 0x00, 0x01]) == 5.960464477539063e-8)
        #expect(try decode(Double.self, [0xF9, 0x7B, 0xFF]) == 65504)
        #expect(try decode(Double.self, [0xF9, 0xFC, 0x00]) == -.infinity)
        #expect(try decode(Double.self, [0xF9, 0x7E, 0x00]).isNaN)
        #expect(try decode(Double.self, [0xFA, 0x47, 0xC3, 0x50, 0x00]) == 100_000)
        #expect(try decode(Double.self, [0x39, 0x03, 0xE7]) == -1000)
    }

    @Test("reads bytes that were written as an array of numbers")
    func bytesAsArray() throws {
        #expect(try decode([UInt8].self, [0x83, 1, 2, 0x18, 0xFF]) == [1, 2, 255])
    }

    @Test(
        "refuses what is not one well-formed value",
        arguments: [
            [], [0x18], [0x61], [0x62, 0x61], [0x81], [0xA1, 0x61, 0x61], [0x00, 0x00], [0x9F, 0xFF], [0xC0, 0x00],
            [0x1C], [0xF8, 0x20], [0xFF], [0xF7], [0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xBB, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x7B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [UInt8](repeating: 0x81, count: 100_000) + [0x00],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        #expect(throws: DecodingError.self) { try decode(Anything.self, bytes) }
    }

    @Test("refuses text that is not UTF-8")
    func text() {
        #expect(throws: DecodingError.self) { try decode(String.self, [0x62, 0xC3, 0x28]) }
    }
}

/// Reads whatever is there, all of it.
struct Anything: Decodable {
    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let map = try? decoder.container(keyedBy: Key.self) {
            for key in map.allKeys { _ = try map.decode(Anything.self, forKey: key) }
        } else if var array = try? decoder.unkeyedContainer() {
            while !array.isAtEnd { _ = try array.decode(Anything.self) }
        } else {
            let value = try decoder.singleValueContainer()
            _ = value.decodeNil()
            _ = try? value.decode(Bool.self)
            _ = try? value.decode(Int.self)
            _ = try? value.decode(UInt64.self)
            _ = try? value.decode(Double.self)
            _ = try? value.decode(String.self)
            _ = try? value.decode([UInt8].self)
        }
    }
}
