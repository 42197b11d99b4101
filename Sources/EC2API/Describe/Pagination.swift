// Pages of a Describe: items in the order of their keys, and an opaque token that says after which key to go on. New and
// deleted items never shift a page.

package import AWSWire
package import CloudTypes

/// What one call returns, and how to ask for the rest.
package struct Page<Item> {
    package var items: [Item]
    package var nextToken: String?
}

package enum Pagination {
    /// The bounds of pages where the model names none.
    ///
    /// - Throws: `InvalidParameterValue` outside of them.
    package static func check(
        _ input: some PaginatedInput, atLeast least: Int, atMost most: Int = .max
    ) throws(EC2Error) {
        guard let wanted = input.maxResults else { return }
        guard wanted >= least else {
            throw .invalidParameterValue(
                name: "maxResults", value: "\(wanted)", reason: "Expecting a value greater than or equal to \(least).")
        }
        guard wanted <= most else {
            throw .invalidParameterValue(
                name: "maxResults", value: "\(wanted)", reason: "Expecting a value less than or equal to \(most).")
        }
    }

    /// For the actions that give either the resources named or a page; asked before any is looked up.
    ///
    /// - Parameter list: as AWS calls the list of ids: `instancesSet`.
    /// - Throws: `InvalidParameterCombination`.
    package static func refusePage(
        _ input: some PaginatedInput, besides ids: [String], _ list: String
    ) throws(EC2Error) {
        guard input.maxResults != nil, !ids.isEmpty else { return }
        throw .invalidParameterCombination("The parameter \(list) cannot be used with the parameter maxResults")
    }

    /// Cuts the page that `input` asks for out of `items`.
    ///
    /// - Parameters:
    ///   - items: in the order of their keys.
    ///   - largest: items of a page, whatever is asked for.
    /// - Throws: `InvalidNextToken`, also for a token of another action.
    package static func page<Item, Input: PaginatedInput>(
        _ items: [Item], for input: Input, atMost largest: Int = largest, key: (Item) -> String
    ) throws(EC2Error) -> Page<Item> {
        try page(for: input, atMost: largest, key: key) { last in
            last.map { last in items.drop { key($0) <= last } } ?? items[...]
        }
    }

    /// The page that `input` asks for, of items that are looked at no further than it needs.
    ///
    /// - Parameter items: those after a key, in the order of their keys; nil: all of them.
    /// - Throws: as above.
    package static func page<Items: Sequence, Input: PaginatedInput>(
        for input: Input, atMost largest: Int = largest, key: (Items.Element) -> String,
        from items: (_ last: String?) -> Items
    ) throws(EC2Error) -> Page<Items.Element> {
        guard input.maxResults != nil || input.nextToken != nil else {
            return Page(items: Array(items(nil)), nextToken: nil)
        }
        var last: String?
        if let token = input.nextToken {
            last = lastKey(in: token, of: Input.self)
            guard last != nil else { throw EC2Error("InvalidNextToken", "The token '\(token)' is invalid") }
        }
        let count = min(largest, max(1, input.maxResults ?? largest))
        var page: [Items.Element] = []
        for item in items(last) {
            guard page.count < count else {
                return Page(items: page, nextToken: page.last.map { token(after: key($0), of: Input.self) })
            }
            page.append(item)
        }
        return Page(items: page, nextToken: nil)
    }

    /// Where the action names no bound of its own.
    package static let largest = 1_000

    /// Which action a token is of.
    private static func prefix<Input>(_ input: Input.Type) -> [UInt8] { Array("apus2:\(input):".utf8) }

    private static func token<Input>(after key: String, of input: Input.Type) -> String {
        Base64.encode(prefix(input) + Array(key.utf8))
    }

    private static func lastKey<Input>(in token: String, of input: Input.Type) -> String? {
        let prefix = prefix(input)
        guard let bytes = Base64.decode(token), bytes.starts(with: prefix) else { return nil }
        return String(validating: bytes.dropFirst(prefix.count), as: UTF8.self)
    }
}
