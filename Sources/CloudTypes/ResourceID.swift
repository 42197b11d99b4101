// Resource ids as EC2 prints them, one type per kind of resource.
// Parsed once at the edge, trusted afterwards.

/// A resource id as EC2 prints it: kind prefix, dash, 8 or 17 lowercase hex digits.
package struct ResourceID<Kind: ResourceKind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        guard ResourceID.isWellFormed(text) else { return nil }
        description = text
    }

    /// A fresh id with 17 hex digits drawn from `generator`.
    package init(from generator: inout some RandomNumberGenerator) {
        var bytes = Array((Kind.prefix + "-").utf8)
        var (high, low) = (generator.next(), generator.next())
        for digit in 0..<17 {
            let nibble = digit < 16 ? high & 15 : low & 15
            if digit < 16 { high >>= 4 } else { low >>= 4 }
            bytes.append(nibble < 10 ? UInt8(48 + nibble) : UInt8(87 + nibble))
        }
        description = String(decoding: bytes, as: UTF8.self)
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }

    private static func isWellFormed(_ text: String) -> Bool {
        let utf8 = text.utf8
        let prefix = Kind.prefix.utf8
        guard utf8.starts(with: prefix), utf8.count > prefix.count else { return false }
        let rest = utf8.dropFirst(prefix.count)
        guard rest.first == UInt8(ascii: "-"), rest.count == 9 || rest.count == 18 else { return false }
        return rest.dropFirst().allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }
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
