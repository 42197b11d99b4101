// Bytes to throw at what reads a monitor.

/// Lines that look a little like the protocol, from a seed that replays them.
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
        "\"QMP\"", "\"return\"", "\"event\"", "\"id\"", "\"error\"", "\"timestamp\"", "\"seconds\"", "\u{0}", "é",
        "{\"QMP\":{}}\n", "{\"return\":{},\"id\":0}\n", "{\"return\":{},\"id\":1}\n", "{\"event\":\"STOP\"}\n",
        "{\"error\":{\"class\":\"a\",\"desc\":\"b\"},\"id\":1}\n", "{\"event\":\"X\",\"timestamp\":{\"seconds\":-1}}\n",
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
