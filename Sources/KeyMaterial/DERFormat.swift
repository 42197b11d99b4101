// As much of ASN.1's distinguished encoding as keys need.
// Source: ITU-T X.690.

enum DER {
    static let integer: UInt8 = 0x02
    static let bitString: UInt8 = 0x03
    static let octetString: UInt8 = 0x04
    static let null: UInt8 = 0x05
    static let objectIdentifier: UInt8 = 0x06
    static let sequence: UInt8 = 0x30

    /// 1.2.840.113549.1.1.1
    static let rsaEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
    /// 1.3.101.112
    static let ed25519: [UInt8] = [0x2B, 0x65, 0x70]

    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        if content.count < 128 { return [tag, UInt8(content.count)] + content }
        var length: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            length.insert(UInt8(rest & 255), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    /// - Parameter magnitude: of a positive number, most significant byte first.
    static func number(_ magnitude: [UInt8]) -> [UInt8] {
        let shortest = Array(magnitude.drop { $0 == 0 })
        guard let first = shortest.first else { return element(integer, [0]) }
        return element(integer, first >= 128 ? [0] + shortest : shortest)
    }
}

/// Takes elements apart one after another; nil for anything that is not the element expected.
struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func element(_ tag: UInt8) -> [UInt8]? {
        guard rest.popFirst() == tag, let first = rest.popFirst() else { return nil }
        var count = Int(first)
        if first >= 0x80 {
            let width = Int(first & 0x7F)
            guard (1...4).contains(width), rest.count >= width else { return nil }
            count = rest.prefix(width).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(width)
        }
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func sequence() -> DERReader? { element(DER.sequence).map(DERReader.init) }

    /// The magnitude of a number that is not negative.
    mutating func number() -> [UInt8]? {
        guard let bytes = element(DER.integer), let first = bytes.first, first < 128 else { return nil }
        return Array(bytes.drop { $0 == 0 })
    }

    /// The content of a bit string of whole bytes.
    mutating func bits() -> [UInt8]? {
        guard let bytes = element(DER.bitString), bytes.first == 0 else { return nil }
        return Array(bytes.dropFirst())
    }
}
