// Character data of XML 1.0: what has to be escaped, and what may not occur at all.

/// Whether text may be copied as it is: neither markup, nor control characters, nor U+FFFE and U+FFFF.
@inline(__always)
func escapesNothing(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var suspects: UInt8 = 0
    for byte in text {
        let isSuspect = byte < 0x20 || byte == 0x26 || byte == 0x3c || byte == 0x3e || byte == 0xef
        suspects |= isSuspect ? 1 : 0
    }
    return suspects == 0
}

/// Escapes markup; a carriage return becomes a reference, as a parser would turn it into a line feed.
/// Characters that XML cannot carry become U+FFFD.
func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
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
}

/// U+FFFE and U+FFFF are EF BF BE and EF BF BF.
private func isNoncharacter(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
    position + 2 < text.count && text[position + 1] == 0xbf && text[position + 2] >= 0xbe
}
