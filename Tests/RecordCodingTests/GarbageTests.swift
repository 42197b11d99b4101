// Bytes that were damaged or made up: any outcome but a trap.

import RecordCoding
import Testing

/// SplitMix64, so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Garbage")
struct GarbageTests {
    private func survive(_ bytes: [UInt8]) {
        let decoder = CBORRecordDecoder()
        _ = try? decoder.decode(Anything.self, from: bytes)
        _ = try? decoder.decode(RoundTripTests.Everything.self, from: bytes)
        _ = try? decoder.decode([String: [RoundTripTests.Tag]].self, from: bytes)
        _ = try? decoder.decode([RoundTripTests.Target].self, from: bytes)
    }

    @Test("made by changing, cutting and joining encoded values is read or refused", arguments: 0..<8)
    func mutations(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var value = RoundTripTests.Everything()
        value.long = "long"
        value.many = Array(0..<30)
        let original = try CBORRecordEncoder().encode(value)
        for _ in 0..<200 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 3))
                default: bytes.insert(contentsOf: original.prefix(20), at: place)
                }
                if bytes.isEmpty { break }
            }
            survive(bytes)
        }
    }

    @Test("made of random bytes is read or refused", arguments: 0..<4)
    func noise(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(1000 + seed))
        for _ in 0..<500 {
            survive(
                (0..<Int.random(in: 0..<40, using: &generator)).map { _ in .random(in: 0...255, using: &generator) })
        }
    }

    @Test("cut short anywhere is refused")
    func truncation() throws {
        let bytes = try CBORRecordEncoder().encode([["a": [1, 2]], ["bcd": []]])
        for length in 0..<bytes.count {
            #expect(throws: DecodingError.self) {
                try CBORRecordDecoder().decode([[String: [Int]]].self, from: Array(bytes.prefix(length)))
            }
        }
    }
}
