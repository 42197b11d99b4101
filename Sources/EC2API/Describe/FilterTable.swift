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
        guard !filters.isEmpty else { return items }
        return items.filter(try test(filters, in: state))
    }

    /// Whether every filter holds for an item.
    ///
    /// - Throws: as `select`.
    package func test(
        _ filters: [EC2.Filter], in state: CloudState
    ) throws(EC2Error) -> (Item) -> Bool {
        guard filters.reduce(0, { $0 + $1.values.count }) <= mostFilterValues else {
            throw EC2Error(
                "FilterLimitExceeded",
                "The maximum number of filter values specified on a single call is \(mostFilterValues)")
        }
        var tests: [(values: Values, patterns: [FilterPattern])] = []
        for filter in filters { tests.append((try column(of: filter), filter.values.map(FilterPattern.init))) }
        return { item in
            tests.allSatisfy { test in
                test.values(item, state).contains { value in test.patterns.contains { $0.matches(value) } }
            }
        }
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
