// IPv6 addresses and blocks as values: parsing, and printing in the one form of RFC 5952.

/// An IPv6 address as eight groups of 16 bits, most significant first.
package struct IPv6Address: Hashable, Sendable, CustomStringConvertible {
    package let groups: [UInt16]

    /// Reads the text forms of RFC 4291: full, with `::`, and with a dotted IPv4 tail.
    package init?(_ text: String) {
        var text = text
        if let last = text.lastIndex(of: ":"), text.contains(".") {
            guard let tail = IPv4Address(String(text[text.index(after: last)...])) else { return nil }
            text = text[...last] + String(tail.number >> 16, radix: 16) + ":" + String(tail.number & 0xFFFF, radix: 16)
        }
        let halves = IPv6Address.halves(of: text)
        guard let head = IPv6Address.groups(in: halves.head) else { return nil }
        guard let tailText = halves.tail else {
            guard head.count == 8 else { return nil }
            groups = head
            return
        }
        guard let tail = IPv6Address.groups(in: tailText), head.count + tail.count < 8 else { return nil }
        groups = head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    init(groups: [UInt16]) { self.groups = groups }

    /// Lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as `::`.
    package var description: String {
        let texts = groups.map { String($0, radix: 16) }
        guard let run = longestZeroRun else { return texts.joined(separator: ":") }
        return texts[..<run.lowerBound].joined(separator: ":") + "::" + texts[run.upperBound...].joined(separator: ":")
    }

    private var longestZeroRun: Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > max(1, best?.count ?? 0) { best = start..<end }
            start = max(end, start + 1)
        }
        return best
    }

    /// What stands before and after `::`; no tail where there is none.
    private static func halves(of text: String) -> (head: Substring, tail: Substring?) {
        var previous: String.Index?
        for index in text.indices where text[index] == ":" {
            if let previous, text.index(after: previous) == index {
                return (text[..<previous], text[text.index(after: index)...])
            }
            previous = index
        }
        return (text[...], nil)
    }

    private static func groups(in text: Substring) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isHexDigit),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups.count <= 8 ? groups : nil
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (48...57).contains(self) || (65...70).contains(self) || (97...102).contains(self)
    }
}

/// An IPv6 network: an address whose host bits are zero, and a prefix length of 0...128.
package struct IPv6Block: Hashable, Sendable, CustomStringConvertible {
    package let address: IPv6Address
    package let prefix: Int

    /// Reads `2001:db8::/32`; host bits are cleared, as EC2 canonicalises them.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv6Address(String(parts[0])),
            let prefix = Int(parts[1]), (0...128).contains(prefix), String(prefix) == parts[1]
        else { return nil }
        self.prefix = prefix
        let groups = address.groups.enumerated().map { position, group in
            let kept = min(16, max(0, prefix - position * 16))
            return kept == 0 ? 0 : group & (UInt16.max << UInt16(16 - kept))
        }
        self.address = IPv6Address(groups: groups)
    }

    package var description: String { "\(address)/\(prefix)" }
}

extension IPv6Block: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let block = IPv6Block(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an IPv6 block")
        }
        self = block
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
