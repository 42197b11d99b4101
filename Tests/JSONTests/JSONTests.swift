import JSON
import Testing

@Suite("JSON")
struct JSONTests {
    @Test(
        "a document reads and prints as itself",
        arguments: [
            "null", "true", "-0", "12", "[]", "{}", "[1,[2,{\"a\":null}]]", "{\"a\":\"b\",\"c\":[false,1.5]}",
            "\"\\\"\\\\ \\u0001\"", "9223372036854775807",
        ])
    func roundTrip(text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(try JSONValue(parsing: value.utf8) == value)
        if text != "-0" { #expect(value.description == text) }
    }

    @Test("escapes become the characters they stand for")
    func escapes() throws {
        let value = try JSONValue(parsing: Array(#""\u00e9\ud83d\ude00\n\/\t\ud800x""#.utf8))
        #expect(value.text == "é😀\n/\t\u{fffd}x")
    }

    @Test("whole numbers stay exact, larger ones become floating")
    func numbers() throws {
        #expect(try JSONValue(parsing: Array("18446744073709551615".utf8)) == .number(18_446_744_073_709_551_616))
        #expect(try JSONValue(parsing: Array("-9223372036854775808".utf8)).integer == .min)
        #expect(try JSONValue(parsing: Array("1e2".utf8)) == .number(100))
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "nul", "truex", "01", "-", "1.", "1e", "+1", "[1,]", "[1 2]", "{\"a\"}", "{a:1}", "{\"a\":1,}",
            "\"", "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "{}{}", "1e999", "]", "\"\\u12\u{e9}4\"",
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test("nesting is bounded")
    func depth() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(throws: JSONError.tooDeep) { try JSONValue(parsing: deep) }
    }

    @Test("values are read by key and kind")
    func access() {
        let value: JSONValue = ["name": "x", "count": 3, "on": true, "list": [1]]
        #expect(value["name"]?.text == "x" && value["count"]?.integer == 3 && value["on"]?.flag == true)
        #expect(value["list"]?.elements == [1] && value["none"] == nil && value["name"]?.integer == nil)
        #expect(JSONValue.null["a"] == nil)
    }

    @Test("any bytes are read or refused, never a trap", arguments: 0..<20 as Range<UInt64>)
    func garbage(seed: UInt64) {
        var generator = Garbage(seed: seed)
        for _ in 0..<500 {
            let bytes = generator.line()
            if let value = try? JSONValue(parsing: bytes) {
                #expect((try? JSONValue(parsing: value.utf8)) != nil, "seed \(seed): \(bytes)")
            }
        }
    }
}

/// Texts that look a little like JSON, from a seed that replays them.
struct Garbage: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    private static let pieces = [
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "d83d", "null", "true", "1", "-", ".", "e9", " ", "\n", "\r\n",
        "\"id\"", "\u{0}", "é", "{\"a\":{}}\n", "{\"a\":{\"b\":-1}}\n",
    ]

    mutating func line() -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...12, using: &self) {
            if Int.random(in: 0..<10, using: &self) == 0 {
                bytes.append(UInt8.random(in: 0...255, using: &self))
            } else {
                bytes += Array(Garbage.pieces.randomElement(using: &self, or: "").utf8)
            }
        }
        return bytes
    }
}

extension Array {
    fileprivate func randomElement(using generator: inout Garbage, or other: Element) -> Element {
        randomElement(using: &generator) ?? other
    }
}
