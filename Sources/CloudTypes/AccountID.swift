// The twelve digits that name an account.

/// An account number: exactly twelve decimal digits.
package struct AccountID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        guard text.utf8.count == 12, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        description = text
    }

    /// A fresh account number drawn from `generator`; never one that begins with a zero.
    package init(from generator: inout some RandomNumberGenerator) {
        description = String(UInt64.random(in: 100_000_000_000...999_999_999_999, using: &generator))
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

extension AccountID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = AccountID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an account id")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
