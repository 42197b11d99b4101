// Ethernet addresses of network interfaces.

/// A locally administered unicast Ethernet address, printed as EC2 does: `02:00:5e:10:20:30`.
package struct MACAddress: Hashable, Sendable, Codable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        let octets = text.split(separator: ":", omittingEmptySubsequences: false)
        guard octets.count == 6, octets.allSatisfy({ $0.count == 2 && UInt8($0, radix: 16) != nil }) else { return nil }
        description = text.lowercased()
    }

    package init(from generator: inout some RandomNumberGenerator) {
        let number = generator.next()
        let octets = (0..<5).map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }
        description = (["02"] + octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }).joined(separator: ":")
    }

    package init(from decoder: any Decoder) throws {
        description = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
