// Resource ids as EC2 prints them, one type per kind of resource.
// Parsed once at the edge, trusted afterwards.

/// A resource id as EC2 prints it: kind prefix, dash, 8 or 17 lowercase hex digits.
package struct ResourceID<Kind: ResourceKind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// What tells it from others of its kind.
    package let digits: ResourceDigits

    package init?(_ text: String) {
        var text = text
        guard let digits = text.withUTF8({ ResourceDigits(of: $0, after: Kind.prefix.utf8) }) else { return nil }
        self.digits = digits
    }

    /// A fresh id with 17 hex digits drawn from `generator`.
    package init(from generator: inout some RandomNumberGenerator) { digits = ResourceDigits(from: &generator) }

    package var description: String { digits.text(after: Kind.prefix) }

    package static func < (left: Self, right: Self) -> Bool { left.digits < right.digits }
}

/// The 8 or 17 digits of an id as a number, which costs no memory of its own and is compared, hashed and copied at once.
package struct ResourceDigits: Hashable, Sendable, Comparable {
    /// The first sixteen digits, the first of them highest; eight digits are in the upper half.
    private let high: UInt64
    /// Of seventeen digits the last, above a bit that is set; of eight nothing.
    private let tail: UInt8

    init(from generator: inout some RandomNumberGenerator) {
        let (first, last) = (generator.next(), generator.next())
        high = (0..<16).reduce(UInt64(0)) { $0 << 4 | first >> (4 * UInt64($1)) & 15 }
        tail = UInt8(last & 15) << 1 | 1
    }

    /// nil unless the text is the prefix, a dash, and digits.
    init?(of text: UnsafeBufferPointer<UInt8>, after prefix: String.UTF8View) {
        let start = prefix.count + 1
        guard text.count == start + 8 || text.count == start + 17, text[start - 1] == UInt8(ascii: "-"),
            text[..<(start - 1)].elementsEqual(prefix)
        else { return nil }
        var number: UInt64 = 0
        for byte in text[start..<min(text.count, start + 16)] {
            guard let digit = ResourceDigits.value(of: byte) else { return nil }
            number = number << 4 | UInt64(digit)
        }
        if text.count == start + 8 {
            (high, tail) = (number << 32, 0)
        } else {
            guard let last = ResourceDigits.value(of: text[start + 16]) else { return nil }
            (high, tail) = (number, last << 1 | 1)
        }
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        default: nil
        }
    }

    /// In the order of the texts.
    package static func < (left: Self, right: Self) -> Bool {
        left.high == right.high ? left.tail < right.tail : left.high < right.high
    }

    func text(after prefix: String) -> String {
        let start = prefix.utf8.count + 1
        let count = tail & 1 == 1 ? 17 : 8
        return String(unsafeUninitializedCapacity: start + count) { text in
            _ = text.initialize(from: prefix.utf8)
            text[start - 1] = UInt8(ascii: "-")
            for place in 0..<count {
                let digit = place < 16 ? UInt8(high >> (60 - 4 * UInt64(place)) & 15) : tail >> 1
                text[start + place] = digit < 10 ? 48 + digit : 87 + digit
            }
            return start + count
        }
    }
}

extension ResourceID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ResourceID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a \(Kind.prefix)- id: \(text)")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ResourceID: CodingKeyRepresentable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
    package var codingKey: any CodingKey { Key(stringValue: description) }
    package init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }
}

/// The kind of a resource: its id prefix and the word EC2 uses for it in tags.
package protocol ResourceKind: Sendable {
    /// Without the dash: `i`, `vol`, `subnet`.
    static var prefix: String { get }
    /// As `DescribeTags` prints it: `instance`, `volume`.
    static var resourceType: String { get }
    /// As `Invalid…ID.NotFound` spells it, the whole code: `InvalidInstanceID.NotFound`.
    static var notFoundCode: String { get }
    /// The code for an id of the wrong shape.
    static var malformedCode: String { get }
    /// The noun of AWS's sentence "The … ID 'x' does not exist".
    static var noun: String { get }
    /// What AWS says of ids that are not there.
    static func notFoundSentence(_ ids: [String]) -> String
}

extension ResourceKind {
    package static func notFoundSentence(_ ids: [String]) -> String {
        let list = ids.joined(separator: ", ")
        return ids.count == 1 ? "The \(noun) ID '\(list)' does not exist" : "The \(noun) IDs '\(list)' do not exist"
    }
}
