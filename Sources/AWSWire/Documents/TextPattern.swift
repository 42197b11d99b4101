// What a text has to look like, as the models say by regular expressions: a row of parts, each so many characters of a
// set. Judged in time that grows with the text's length alone, whatever the text.

/// A pattern of a whole text.
package struct TextPattern: Sendable {
    /// Characters besides those that are named.
    package struct Others: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        /// Anything but white space.
        package static let visible = Others(rawValue: 1)
        package static let spaces = Others(rawValue: 2)
        /// Anything but the end of a line.
        package static let line = Others(rawValue: 4)
        package static let letters = Others(rawValue: 8)
        package static let separators = Others(rawValue: 16)
        package static let numbers = Others(rawValue: 32)
    }

    package struct Part: Sendable {
        enum Kind: Sendable {
            case text([Unicode.Scalar])
            case of(CharacterSet, Range<Int>)
        }
        let kind: Kind

        package static func text(_ text: String) -> Part { Part(kind: .text(Array(text.unicodeScalars))) }

        /// - Parameter pairs: first and last character of each range: `09af`.
        package static func of(_ pairs: String, _ others: Others, _ count: some RangeExpression<Int>) -> Part {
            Part(kind: .of(CharacterSet(pairs, others), count.relative(to: 0..<Int.max)))
        }
        package static func of(_ pairs: String, _ count: some RangeExpression<Int>) -> Part { of(pairs, [], count) }
        package static func of(_ others: Others, _ count: some RangeExpression<Int>) -> Part { of("", others, count) }
    }

    private let parts: [Part]

    package init(_ parts: Part...) { self.parts = parts }

    package func matches(_ text: String) -> Bool {
        let text = Array(text.unicodeScalars)
        // Where the parts so far can end.
        var ends = [Bool](repeating: false, count: text.count + 1)
        ends[0] = true
        for part in parts {
            switch part.kind {
            case .text(let wanted): ends = TextPattern.ends(ends, after: wanted, in: text)
            case .of(let set, let count): ends = TextPattern.ends(ends, after: set, count, in: text)
            }
        }
        return ends[text.count]
    }

    private static func ends(
        _ starts: [Bool], after wanted: [Unicode.Scalar], in text: [Unicode.Scalar]
    ) -> [Bool] {
        var ends = [Bool](repeating: false, count: starts.count)
        for start in starts.indices where starts[start] && text[start...].starts(with: wanted) {
            ends[start + wanted.count] = true
        }
        return ends
    }

    private static func ends(
        _ starts: [Bool], after set: CharacterSet, _ count: Range<Int>, in text: [Unicode.Scalar]
    ) -> [Bool] {
        // How many characters of the set begin at a place.
        var runs = [Int](repeating: 0, count: starts.count)
        for place in text.indices.reversed() where set.contains(text[place]) { runs[place] = runs[place + 1] + 1 }
        // Each start opens a stretch of ends: where stretches open, and where they close.
        var changes = [Int](repeating: 0, count: starts.count + 1)
        for start in starts.indices where starts[start] && runs[start] >= count.lowerBound {
            changes[start + count.lowerBound] += 1
            changes[start + min(runs[start], count.upperBound - 1) + 1] -= 1
        }
        var open = 0
        return starts.indices.map { place in
            open += changes[place]
            return open > 0
        }
    }
}

/// Ranges of characters, and whole kinds of them.
struct CharacterSet: Sendable {
    private let ranges: [ClosedRange<Unicode.Scalar>]
    private let others: TextPattern.Others

    init(_ pairs: String, _ others: TextPattern.Others) {
        let ends = Array(pairs.unicodeScalars)
        ranges = stride(from: 0, to: ends.count - 1, by: 2).map { ends[$0]...ends[$0 + 1] }
        self.others = others
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        if ranges.contains(where: { $0.contains(scalar) }) { return true }
        if others.isEmpty { return false }
        let properties = scalar.properties
        if others.contains(properties.isWhitespace ? .spaces : .visible) { return true }
        if others.contains(.line), scalar != "\n", scalar != "\r" { return true }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return others.contains(.letters)
        case .spaceSeparator, .lineSeparator, .paragraphSeparator: return others.contains(.separators)
        case .decimalNumber, .letterNumber, .otherNumber: return others.contains(.numbers)
        default: return false
        }
    }
}
