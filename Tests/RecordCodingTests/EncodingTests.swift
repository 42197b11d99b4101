// The bytes: CBOR that other tools read, the same for the same value.

import RecordCoding
import Testing

private func hex(_ value: some Encodable) throws -> String {
    let digits = Array("0123456789abcdef")
    return String(try CBORRecordEncoder().encode(value).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

@Suite("The encoding")
struct EncodingTests {
    struct Point: Encodable {
        var y = -500
        var x: Int? = 10
        var name: String?
    }

    @Test("is that of RFC 8949, appendix A")
    func examples() throws {
        #expect(try hex(0) == "00")
        #expect(try hex(24) == "1818")
        #expect(try hex(1_000_000) == "1a000f4240")
        #expect(try hex(UInt64.max) == "1bffffffffffffffff")
        #expect(try hex(-1000) == "3903e7")
        #expect(try hex(1.1) == "fb3ff199999999999a")
        #expect(try hex(Float(100_000)) == "fa47c35000")
        #expect(try hex(false) == "f4")
        #expect(try hex([UInt8]([1, 2, 3, 4])) == "4401020304")
        #expect(try hex("IETF") == "6449455446")
        #expect(try hex("\u{6c34}") == "63e6b0b4")
        #expect(try hex([[1], [2, 3]]) == "8281018202" + "03")
        #expect(try hex(Array(1...25)) == "98190102030405060708090a0b0c0d0e0f101112131415161718181819")
    }

    @Test("writes a struct as a map in the order of its properties, without those that are nil")
    func structs() throws {
        #expect(try hex(Point()) == "a261793901f361780a")
    }

    @Test("sorts the keys of a dictionary, shorter ones first, so that the same value gives the same bytes")
    func dictionaries() throws {
        #expect(try hex(["aa": 1, "b": 2, "a": 3]) == "a3616103616202626161" + "01")
        let keys = (0..<100).map { "key\($0)" }
        let one = Dictionary(uniqueKeysWithValues: keys.map { ($0, ["b": 1, "a": 2]) })
        var other: [String: [String: Int]] = [:]
        for key in keys.reversed() { other[key] = ["a": 2, "b": 1] }
        #expect(try hex(one) == hex(other))
    }

    /// Returns to one nested container after beginning the next.
    struct Interleaved: Encodable {
        func encode(to encoder: any Encoder) throws {
            var outer = encoder.unkeyedContainer()
            var first = outer.nestedUnkeyedContainer()
            _ = outer.nestedUnkeyedContainer()
            try first.encode(1)
        }
    }

    @Test("refuses a value that returns to a container out of turn")
    func interleaved() {
        #expect(throws: EncodingError.self) { try CBORRecordEncoder().encode(Interleaved()) }
    }

    indirect enum Chain: Codable {
        case end
        case link(Chain)
    }

    @Test("refuses a value nested deeper than a reader would follow")
    func depth() throws {
        var chain = Chain.end
        for _ in 0..<20 { chain = .link(chain) }
        _ = try roundTrip(chain)
        for _ in 0..<20 { chain = .link(chain) }
        #expect(throws: EncodingError.self) { try CBORRecordEncoder().encode(chain) }
    }
}
