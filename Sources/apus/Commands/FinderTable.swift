import InstanceTypeCatalogue

/// Recommendations as a terminal shows them: a table to compare by, then the reasons for each.
struct FinderTable {
    private let types: [Recommendation]

    init(_ types: [Recommendation]) { self.types = types }

    var text: String { (TextTable(rows: [Self.heads] + rows).lines + [""] + reasons).joined(separator: "\n") }

    private static let heads = ["", "type", "score", "vCPUs", "GiB", "price", "spot", "fit now"]

    private var rows: [[String]] {
        types.enumerated().map { place, type in
            [
                "\(place + 1)", type.instanceType, "\(type.score)", "\(type.vCPUs)", Self.plain(type.memoryGiB),
                "\(type.onDemandPrice)", "\(type.spotPrice)", Self.room(type.fitsNow),
            ]
        }
    }

    private var reasons: [String] {
        types.enumerated().flatMap { place, type in
            ["\(place + 1). \(type.instanceType)"] + type.reasons.map { "   - \($0)" }
        }
    }

    private static func room(_ count: Int?) -> String { count.map { $0 > 1_000 ? "> 1000" : "\($0)" } ?? "?" }

    private static func plain(_ number: Double) -> String {
        number == number.rounded() ? "\(Int(number))" : "\(number)"
    }
}

/// Columns under each other: the second to the left, figures to the right.
struct TextTable {
    var rows: [[String]]
    /// Columns of words.
    var leftColumns: Set<Int> = [1]

    var lines: [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return leftColumns.contains(column) ? cell.0 + padding : padding + cell.0
            }
            return cells.joined(separator: "  ").trimmingTrailingSpaces
        }
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = Substring(self)
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
