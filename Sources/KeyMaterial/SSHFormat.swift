// The data types of the SSH protocol: strings, numbers and big numbers.
// Source: RFC 4251, section 5.

/// Appends SSH data.
struct SSHWriter {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ value: UInt32) {
        bytes += [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    mutating func string(_ value: some Collection<UInt8>) {
        number(UInt32(value.count))
        bytes += value
    }

    /// - Parameter magnitude: of a positive number, most significant byte first.
    mutating func bigNumber(_ magnitude: [UInt8]) {
        let shortest = magnitude.drop { $0 == 0 }
        let isNegative = shortest.first.map { $0 >= 128 } ?? false
        string((isNegative ? [0] : []) + shortest)
    }

    mutating func raw(_ value: some Sequence<UInt8>) { bytes += value }
}

/// Takes SSH data apart; nil for what is cut short.
struct SSHReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func string() -> [UInt8]? {
        guard rest.count >= 4 else { return nil }
        let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(4)
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// The magnitude of a positive number; nil for a negative one.
    mutating func bigNumber() -> [UInt8]? {
        guard let bytes = string(), bytes.first.map({ $0 < 128 }) ?? true else { return nil }
        return Array(bytes.drop { $0 == 0 })
    }
}
