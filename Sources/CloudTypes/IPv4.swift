// IPv4 addresses and CIDR blocks as values: parsing, printing, containment, arithmetic.

/// An IPv4 address as a 32-bit number, most significant octet first.
package struct IPv4Address: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let number: UInt32

    package init(_ number: UInt32) { self.number = number }

    /// Reads dotted decimal, four octets without leading zeros.
    package init?(_ text: String) {
        let octets = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard octets.count == 4 else { return nil }
        var number: UInt32 = 0
        for octet in octets {
            guard (1...3).contains(octet.count), octet.count == 1 || octet.first != 48 else { return nil }
            guard octet.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
            let value = octet.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 48) }
            guard value < 256 else { return nil }
            number = number << 8 | value
        }
        self.number = number
    }

    package var octets: [UInt8] {
        [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }

    package var description: String { octets.map(String.init).joined(separator: ".") }
    /// `10-0-1-4`, as in `ip-10-0-1-4.ec2.internal`.
    package var dashed: String { octets.map(String.init).joined(separator: "-") }

    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
    package func advanced(by count: Int) -> IPv4Address { IPv4Address(UInt32(truncatingIfNeeded: Int(number) + count)) }
}

extension IPv4Address: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let address = IPv4Address(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an IPv4 address")
        }
        self = address
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// An IPv4 network: an address whose host bits are zero, and a prefix length of 0...32.
package struct CIDRBlock: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let address: IPv4Address
    package let prefix: Int

    /// The block of length `prefix` that holds `address`; host bits are cleared.
    package init(_ address: IPv4Address, prefix: Int) {
        self.prefix = prefix
        self.address = IPv4Address(address.number & CIDRBlock.mask(prefix))
    }

    /// Reads `a.b.c.d/n`; host bits are cleared, as EC2 canonicalises them.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(String(parts[0])),
            let prefix = Int(parts[1]), (0...32).contains(prefix), String(prefix) == parts[1]
        else { return nil }
        self.init(address, prefix: prefix)
    }

    package static let everything = CIDRBlock(IPv4Address(0), prefix: 0)

    /// How many addresses lie in the block, 1 to 2^32.
    package var count: Int { 1 << (32 - prefix) }
    package var last: IPv4Address { address.advanced(by: count - 1) }
    package var description: String { "\(address)/\(prefix)" }
    package var netmask: IPv4Address { IPv4Address(CIDRBlock.mask(prefix)) }

    package func contains(_ other: IPv4Address) -> Bool { other.number & CIDRBlock.mask(prefix) == address.number }
    package func contains(_ other: CIDRBlock) -> Bool { other.prefix >= prefix && contains(other.address) }
    package func overlaps(_ other: CIDRBlock) -> Bool { contains(other) || other.contains(self) }

    package static func < (left: Self, right: Self) -> Bool {
        (left.address, left.prefix) < (right.address, right.prefix)
    }

    private static func mask(_ prefix: Int) -> UInt32 { prefix == 0 ? 0 : ~UInt32(0) << UInt32(32 - prefix) }
}

extension CIDRBlock: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let block = CIDRBlock(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a CIDR block")
        }
        self = block
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
