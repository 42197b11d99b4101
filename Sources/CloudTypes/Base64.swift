// Base64 as RFC 4648 writes it, over bytes.

package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var rest = bytes[...]
        while !rest.isEmpty {
            let group = Array(rest.prefix(3))
            rest = rest.dropFirst(3)
            let number = UInt32(group[0]) << 16 | UInt32(group.count > 1 ? group[1] : 0) << 8
                | UInt32(group.count > 2 ? group[2] : 0)
            text.append(alphabet[Int(number >> 18)])
            text.append(alphabet[Int(number >> 12 & 63)])
            text.append(group.count > 1 ? alphabet[Int(number >> 6 & 63)] : UInt8(ascii: "="))
            text.append(group.count > 2 ? alphabet[Int(number & 63)] : UInt8(ascii: "="))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Line breaks are passed over; anything else outside the alphabet, or padding that is wrong, gives nil.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var (number, digits, padding) = (UInt32(0), 0, 0)
        for byte in text.utf8 where byte != 10 && byte != 13 {
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: byte) else { return nil }
            number = number << 6 | value
            digits += 1
            if digits % 4 == 0 {
                bytes += [UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
                number = 0
            }
        }
        guard (digits + padding) % 4 == 0, padding < 3 else { return nil }
        switch digits % 4 {
        case 0: return padding == 0 ? bytes : nil
        case 2: return bytes + [UInt8(number >> 4 & 255)]
        case 3: return bytes + [UInt8(number >> 10 & 255), UInt8(number >> 2 & 255)]
        default: return nil
        }
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case 65...90: UInt32(byte) - 65
        case 97...122: UInt32(byte) - 71
        case 48...57: UInt32(byte) + 4
        case 43: 62
        case 47: 63
        default: nil
        }
    }
}
