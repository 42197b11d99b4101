// The one filter engine: a table per resource maps filter names to what Describe shows.
// Values match whole, case-sensitively; `*` stands for any text, `?` for one character, a backslash takes the next one
// literally. Values of one filter are alternatives, filters must all hold.
// Source: EC2 API Reference, "Filter"; User Guide, "List and filter your resources".

package import AWSWire
package import CloudTypes
package import ControlPlane

/// Values of all filters of one call together. Source: EC2 User Guide, "Filtering considerations".
private let mostFilterValues = 200

/// The filters of one Describe.
package struct FilterTable<Item>: Sendable {
    package typealias Values = @Sendable (Item, CloudState) -> [String]
    private let columns: [String: Values]
    private let tags: (@Sendable (Item) -> [String: String])?

    /// - Parameters:
    ///   - columns: by filter name; an item without the property gives no values.
    ///   - tags: adds `tag:KEY`, `tag-key` and `tag-value`.
    package init(_ columns: [String: Values], tags: (@Sendable (Item) -> [String: String])? = nil) {
        (self.columns, self.tags) = (columns, tags)
    }

    /// The items for which every filter holds, in their order.
    ///
    /// - Throws: `InvalidParameterValue` for a filter that the resource does not have, `FilterLimitExceeded`.
    package func select(
        _ items: [Item], by filters: [EC2.Filter], in state: CloudState
    ) throws(EC2Error) -> [Item] {
        guard filters.reduce(0, { $0 + $1.values.count }) <= mostFilterValues else {
            throw EC2Error(
                "FilterLimitExceeded",
                "The maximum number of filter values specified on a single call is \(mostFilterValues)")
        }
        var kept = items
        for filter in filters {
            let values = try column(of: filter)
            let patterns = filter.values.map(FilterPattern.init)
            kept = kept.filter { item in
                values(item, state).contains { value in patterns.contains { $0.matches(value) } }
            }
        }
        return kept
    }

    private func column(of filter: EC2.Filter) throws(EC2Error) -> Values {
        guard let name = filter.name, !name.isEmpty else { throw .missingParameter("Filter.Name") }
        guard !filter.values.isEmpty else {
            throw .invalidParameterValue("The filter '\(name)' must have at least one value")
        }
        if let values = columns[name] { return values }
        if let tags {
            if name == "tag-key" { return { item, _ in Array(tags(item).keys) } }
            if name == "tag-value" { return { item, _ in Array(tags(item).values) } }
            if name.hasPrefix("tag:") {
                let key = String(name.dropFirst(4))
                return { item, _ in tags(item)[key].map { [$0] } ?? [] }
            }
        }
        throw .invalidParameterValue("The filter '\(name)' is invalid")
    }
}

/// One value of a filter, taken apart.
struct FilterPattern: Sendable {
    private enum Piece: Equatable { case byte(UInt8), anyCharacter, anyText }
    private let literal: String?
    private let pieces: [Piece]

    init(_ text: String) {
        guard text.utf8.contains(where: { $0 == 42 || $0 == 63 || $0 == 92 }) else {
            (literal, pieces) = (text, [])
            return
        }
        var pieces: [Piece] = []
        var escaped = false
        for byte in text.utf8 {
            switch byte {
            case _ where escaped:
                pieces.append(.byte(byte))
                escaped = false
            case 92: escaped = true
            case 42: pieces.append(.anyText)
            case 63: pieces.append(.anyCharacter)
            default: pieces.append(.byte(byte))
            }
        }
        if escaped { pieces.append(.byte(92)) }
        (literal, self.pieces) = (nil, pieces)
    }

    func matches(_ value: String) -> Bool {
        if let literal { return literal == value }
        return glob(Array(value.utf8))
    }

    /// Greedy with one point of return, so that no pattern takes more than length × length steps.
    private func glob(_ text: [UInt8]) -> Bool {
        var (at, piece) = (0, 0)
        var star: (piece: Int, at: Int)?
        while at < text.count {
            if piece < pieces.count, pieces[piece] == .anyText {
                star = (piece, at)
                piece += 1
            } else if piece < pieces.count, let next = step(pieces[piece], text, at) {
                (at, piece) = (next, piece + 1)
            } else if let last = star {
                let next = FilterPattern.end(ofCharacterAt: last.at, text)
                (star, at, piece) = ((last.piece, next), next, last.piece + 1)
            } else {
                return false
            }
        }
        return pieces[piece...].allSatisfy { $0 == .anyText }
    }

    private func step(_ piece: Piece, _ text: [UInt8], _ at: Int) -> Int? {
        switch piece {
        case .byte(let byte): text[at] == byte ? at + 1 : nil
        case .anyCharacter: FilterPattern.end(ofCharacterAt: at, text)
        case .anyText: nil
        }
    }

    private static func end(ofCharacterAt at: Int, _ text: [UInt8]) -> Int {
        var next = at + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
