// URI encoding as signatures want it, and the canonical forms of a path and a query that are built from it.
// Follows: RFC 3986; AWS IAM User Guide, "Create a signed AWS API request", steps of the canonical request.

/// URI encoding in the one spelling that signatures use: unreserved characters bare, all others `%XX` in capitals.
enum PercentEncoding {
    static func append(_ bytes: some Sequence<UInt8>, keepingSlash: Bool = false, to text: inout [UInt8]) {
        for byte in bytes {
            if isUnreserved[Int(byte)] || (keepingSlash && byte == slash) {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "%"))
                text.append(capitalDigits[Int(byte >> 4)])
                text.append(capitalDigits[Int(byte & 15)])
            }
        }
    }

    static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        append(text.utf8, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Undoes `%XX`; an escape that is none stays as it is. `plusIsSpace` follows the form encoding of a query.
    static func decoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = bytes.startIndex
        while position < bytes.endIndex {
            let byte = bytes[position]
            if byte == UInt8(ascii: "%"), position + 2 < bytes.endIndex,
                let high = hexValue(bytes[position + 1]), let low = hexValue(bytes[position + 2])
            {
                result.append(high << 4 | low)
                position += 3
                continue
            }
            result.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            position += 1
        }
        return result
    }

    private static let slash = UInt8(ascii: "/")
    private static let capitalDigits = Array("0123456789ABCDEF".utf8)
    private static let isUnreserved: [Bool] = (0...255).map { (byte: UInt8) in
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

/// The path line of a canonical request.
enum CanonicalPath {
    /// S3 signs the path encoded once and otherwise as sent; all other services remove `.`, `..` and empty segments
    /// and encode what was sent a second time.
    static func append(_ path: String, service: String, to text: inout [UInt8]) {
        let bytes = Array(path.utf8)
        guard bytes != [UInt8(ascii: "/")], !bytes.isEmpty else {
            text.append(UInt8(ascii: "/"))
            return
        }
        if service == "s3" {
            let decoded = PercentEncoding.decoded(bytes[...], plusIsSpace: false)
            PercentEncoding.append(decoded, keepingSlash: true, to: &text)
        } else {
            PercentEncoding.append(normalized(bytes), keepingSlash: true, to: &text)
        }
    }

    /// RFC 3986, "Remove Dot Segments", and one slash where several follow each other.
    private static func normalized(_ path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        let dot = UInt8(ascii: ".")
        var kept: [ArraySlice<UInt8>] = []
        for segment in path.split(separator: slash) {
            if segment.elementsEqual([dot]) { continue }
            if segment.elementsEqual([dot, dot]) {
                kept = kept.dropLast()
            } else {
                kept.append(segment)
            }
        }
        var result: [UInt8] = path.first == slash ? [slash] : []
        result.append(contentsOf: kept.joined(separator: [slash]))
        if path.last == slash, !kept.isEmpty { result.append(slash) }
        return result
    }
}

/// A query string taken apart, its names and values decoded.
struct QueryPairs: Sendable {
    let pairs: [(name: [UInt8], value: [UInt8])]

    init(_ query: String) {
        guard !query.isEmpty else {
            pairs = []
            return
        }
        pairs = Array(query.utf8).split(separator: UInt8(ascii: "&")).map { part in
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let value = equals < part.endIndex ? part[(equals + 1)...] : []
            return (
                PercentEncoding.decoded(part[..<equals], plusIsSpace: true),
                PercentEncoding.decoded(value, plusIsSpace: true)
            )
        }
    }

    var isEmpty: Bool { pairs.isEmpty }

    func values(of name: String) -> [String] {
        pairs.filter { $0.name.elementsEqual(name.utf8) }.map { String(decoding: $0.value, as: UTF8.self) }
    }

    /// The query line of a canonical request: encoded, sorted by name and then value, `excluded` left out.
    func appendCanonical(leavingOut excluded: String?, to text: inout [UInt8]) {
        guard !pairs.isEmpty else { return }
        var parts: [(name: [UInt8], value: [UInt8])] = []
        for pair in pairs {
            if let excluded, pair.name.elementsEqual(excluded.utf8) { continue }
            var part: (name: [UInt8], value: [UInt8]) = ([], [])
            PercentEncoding.append(pair.name, to: &part.name)
            PercentEncoding.append(pair.value, to: &part.value)
            parts.append(part)
        }
        parts.sort { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value) : left.name.lexicographicallyPrecedes(right.name)
        }
        for (index, part) in parts.enumerated() {
            if index > 0 { text.append(UInt8(ascii: "&")) }
            text.append(contentsOf: part.name)
            text.append(UInt8(ascii: "="))
            text.append(contentsOf: part.value)
        }
    }
}
