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
    /// Cuts the page that `input` asks for out of `items`.
    ///
    /// - Parameters:
    ///   - items: in the order of their keys.
    ///   - hasExplicitIDs: whether the caller named ids, which excludes MaxResults.
    /// - Throws: `InvalidParameterCombination`, `InvalidNextToken`.
    package static func page<Item>(
        _ items: [Item], for input: some PaginatedInput, hasExplicitIDs: Bool = false, key: (Item) -> String
    ) throws(EC2Error) -> Page<Item> {
        guard input.maxResults != nil || input.nextToken != nil else { return Page(items: items, nextToken: nil) }
        if hasExplicitIDs, input.maxResults != nil {
            throw .invalidParameterCombination(
                "The parameter MaxResults cannot be used with a list of resource identifiers.")
        }
        var rest = items[...]
        if let token = input.nextToken {
            guard let last = lastKey(in: token) else {
                throw EC2Error("InvalidNextToken", "The token '\(token)' is invalid")
            }
            rest = rest.drop { key($0) <= last }
        }
        let page = rest.prefix(max(1, input.maxResults ?? 1000))
        let hasMore = page.count < rest.count
        return Page(items: Array(page), nextToken: hasMore ? page.last.map { token(after: key($0)) } : nil)
    }

    private static let prefix = Array("apus1:".utf8)

    private static func token(after key: String) -> String { Base64.encode(prefix + Array(key.utf8)) }

    private static func lastKey(in token: String) -> String? {
        guard let bytes = Base64.decode(token), bytes.starts(with: prefix) else { return nil }
        return String(validating: bytes.dropFirst(prefix.count), as: UTF8.self)
    }
}
