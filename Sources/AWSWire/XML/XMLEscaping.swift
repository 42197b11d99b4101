// Character data of XML 1.0: what has to be escaped, and what may not occur at all.

/// Whether text may be copied as it is: neither markup, nor control characters, nor perhaps U+FFFE or U+FFFF.
@inline(__always)
func escapesNothing(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard text.count >= 8, let start = text.baseAddress else {
        var found = false
        for byte in text where isSuspect(byte) { found = true }
        return !found
    }
    let bytes = UnsafeRawPointer(start)
    let last = text.count - 8
    var found: UInt64 = 0
    var position = 0
    while position < last {
        found |= suspects(bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        position += 8
    }
    // The last eight bytes overlap those before them.
    return found | suspects(bytes.loadUnaligned(fromByteOffset: last, as: UInt64.self)) == 0
}

/// `&`, `<`, `>`, control characters, and the first byte of U+F000 to U+FFFF.
@inline(__always)
private func isSuspect(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x26 || byte | 2 == 0x3e || byte == 0xef
}

/// Not zero if one of eight bytes is suspect.
@inline(__always)
private func suspects(_ bytes: UInt64) -> UInt64 {
    let control = (bytes &- 0x2020_2020_2020_2020) & ~bytes
    let ampersand = zeros(bytes ^ 0x2626_2626_2626_2626)
    let angle = zeros((bytes | 0x0202_0202_0202_0202) ^ 0x3e3e_3e3e_3e3e_3e3e)
    let high = zeros(bytes ^ 0xefef_efef_efef_efef)
    return (control | ampersand | angle | high) & 0x8080_8080_8080_8080
}

/// The top bit of some byte is set if a byte is zero, and of none if no byte is.
@inline(__always)
private func zeros(_ bytes: UInt64) -> UInt64 { (bytes &- 0x0101_0101_0101_0101) & ~bytes }

/// Escapes markup; a carriage return becomes a reference, as a parser would turn it into a line feed.
/// Characters that XML cannot carry become U+FFFD.
func escaped(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count + 32)
    var position = 0
    while position < text.count {
        let byte = text[position]
        switch byte {
        case UInt8(ascii: "&"): bytes.append(contentsOf: "&amp;".utf8)
        case UInt8(ascii: "<"): bytes.append(contentsOf: "&lt;".utf8)
        case UInt8(ascii: ">"): bytes.append(contentsOf: "&gt;".utf8)
        case UInt8(ascii: "\r"): bytes.append(contentsOf: "&#13;".utf8)
        case UInt8(ascii: "\n"), UInt8(ascii: "\t"): bytes.append(byte)
        case 0..<0x20: bytes.append(contentsOf: "\u{fffd}".utf8)
        case 0xef where isNoncharacter(text, at: position):
            bytes.append(contentsOf: "\u{fffd}".utf8)
            position += 2
        default: bytes.append(byte)
        }
        position += 1
    }
    return bytes
}

/// U+FFFE and U+FFFF are EF BF BE and EF BF BF.
private func isNoncharacter(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
    position + 2 < text.count && text[position + 1] == 0xbf && text[position + 2] >= 0xbe
}
