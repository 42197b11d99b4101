// What goes in comes out: every kind of value that records hold.

import RecordCoding
import Testing

func roundTrip<Value: Codable>(_ value: Value) throws -> Value {
    try CBORRecordDecoder().decode(Value.self, from: CBORRecordEncoder().encode(value))
}

@Suite("A value encoded and decoded")
struct RoundTripTests {
    enum State: String, Codable { case pending, running }

    enum Target: Codable, Equatable {
        case nothing
        case gateway(String)
        case peer(vpc: String, weight: Int?)
    }

    struct Tag: Codable, Hashable {
        var key: String
        var value: String
    }

    struct Everything: Codable, Equatable {
        var flag = true
        var text = "grüße 🌍"
        var long = String(repeating: "x", count: 70_000)
        var small = 23
        var negative = -1
        var least = Int64.min
        var greatest = UInt64.max
        var byte: UInt8 = 255
        var double = 0.1
        var float: Float = 1.5
        var infinite = Double.infinity
        var bytes: [UInt8] = [0, 1, 255]
        var empty: [UInt8] = []
        var many: [Int] = Array(0..<300)
        var tags = [Tag(key: "Name", value: "web"), Tag(key: "", value: "")]
        var nested: [[String?]] = [["a", nil], []]
        var map = ["b": 1, "a": 2]
        var numbered = [7: "seven", -1: "minus one"]
        var state = State.running
        var targets: [Target] = [
            .nothing, .gateway("igw-1"), .peer(vpc: "vpc-1", weight: nil), .peer(vpc: "", weight: 3),
        ]
        var present: Int? = 5
        var absent: Int?
        var nothing: Tag?
        var set: Set<Int> = [1]
    }

    @Test("is the same, whatever its properties are")
    func everything() throws {
        let value = Everything()
        #expect(try roundTrip(value) == value)
    }

    @Test("is the same at every size of integer", arguments: 0..<64)
    func integers(shift: Int) throws {
        for number in [UInt64(1) << shift, (UInt64(1) << shift) - 1] {
            #expect(try roundTrip(number) == number)
            #expect(try roundTrip(Int64(truncatingIfNeeded: number)) == Int64(truncatingIfNeeded: number))
            #expect(try roundTrip(-Int64(number >> 1)) == -Int64(number >> 1))
        }
    }

    @Test("is the same as a single value, an array and a map at the top")
    func topLevel() throws {
        #expect(try roundTrip("x") == "x")
        #expect(try roundTrip([1.5, -0.0]) == [1.5, -0.0])
        #expect(try roundTrip([String: Int]()) == [:])
        #expect(try roundTrip([UInt8](0...255)) == [UInt8](0...255))
        #expect(try roundTrip(Optional<Int>.none) == nil)
        #expect(try roundTrip(State.pending) == .pending)
    }

    @Test(
        "is the same for maps and arrays around the sizes where the head grows", arguments: [23, 24, 255, 256, 65_536])
    func largeContainers(count: Int) throws {
        let array = (0..<count).map { $0 % 7 }
        #expect(try roundTrip([array, array]) == [array, array])
        let map = Dictionary(uniqueKeysWithValues: (0..<min(count, 300)).map { ("key\($0)", [$0]) })
        #expect(try roundTrip([map]) == [map])
    }

    class Base: Codable {
        var name = "base"
    }

    final class Derived: Base {
        var size = 1
        private enum CodingKeys: CodingKey { case size }
        override init() { super.init() }
        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            size = try container.decode(Int.self, forKey: .size)
            try super.init(from: container.superDecoder())
        }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try super.encode(to: container.superEncoder())
            try container.encode(size, forKey: .size)
        }
    }

    @Test("keeps what a superclass encodes")
    func inheritance() throws {
        let value = Derived()
        (value.name, value.size) = ("other", 9)
        let found = try roundTrip(value)
        #expect(found.name == "other" && found.size == 9)
    }

    struct Empty: Codable, Equatable {}

    @Test("may have no properties at all")
    func empty() throws {
        #expect(try roundTrip([Empty(), Empty()]) == [Empty(), Empty()])
        #expect(try roundTrip(["a": Empty()]) == ["a": Empty()])
    }
}
