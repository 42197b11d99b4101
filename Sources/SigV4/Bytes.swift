// The byte-level tools of signing: hex, SHA-256 and HMAC as values, and comparisons that leak no timing.
// Knows nothing of requests.

import Crypto

/// Lowercase ASCII hexadecimal of some bytes.
package func hex(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 2 * bytes.count) { text, count in
        for (place, byte) in bytes.enumerated() {
            text[2 * place] = hexDigit(byte >> 4)
            text[2 * place + 1] = hexDigit(byte & 15)
        }
        count = 2 * bytes.count
    }
}

/// Calls `body` with what is between the separators: once more than there are any.
func forEachPart(of text: ArraySlice<UInt8>, separator: UInt8, _ body: (ArraySlice<UInt8>) -> Void) {
    var rest = text
    while let end = rest.firstIndex(of: separator) {
        body(rest[..<end])
        rest = rest[(end + 1)...]
    }
    body(rest)
}

@inline(__always)
private func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }

/// The value of one hex digit in either case, `nil` for any other byte.
@inline(__always)
func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
}

/// The lowercase hex SHA-256 of `bytes`: 64 ASCII digits.
package func sha256Hex(_ bytes: [UInt8]) -> [UInt8] {
    bytes.isEmpty ? emptyPayloadHash : bytes.withUnsafeBytes(sha256).withUnsafeBytes { hex($0) }
}

/// The lowercase hex SHA-256 of part of an array.
func sha256Hex(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    bytes.withUnsafeBytes(sha256).withUnsafeBytes { hex($0) }
}

private func sha256(_ buffer: UnsafeRawBufferPointer) -> SHA256.Digest {
    var hash = SHA256()
    hash.update(bufferPointer: buffer)
    return hash.finalize()
}

/// SHA-256 of nothing, in hex.
let emptyPayloadHash = Array("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".utf8)

func hmac(_ key: SymmetricKey, _ bytes: [UInt8]) -> HMAC<SHA256>.MAC {
    HMAC<SHA256>.authenticationCode(for: bytes, using: key)
}

/// Compares in a time that depends on the lengths alone, never on where the first difference is.
package func equalInConstantTime(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
}

@inline(__always)
func lowercased(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 32 : byte }

/// Whether a header's name, in whatever case it came, is `lowercase`.
func isNamed(_ name: String, _ lowercase: String) -> Bool {
    let (left, right) = (name.utf8, lowercase.utf8)
    guard left.count == right.count else { return false }
    for (a, b) in zip(left, right) where SigV4.lowercased(a) != b { return false }
    return true
}

/// Whether a header's name, in whatever case it came, begins with `lowercase`.
func hasPrefix(_ name: String, _ lowercase: String) -> Bool {
    let (left, right) = (name.utf8, lowercase.utf8)
    guard left.count >= right.count else { return false }
    for (a, b) in zip(left, right) where SigV4.lowercased(a) != b { return false }
    return true
}
