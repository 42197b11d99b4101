// A request as a tree of named values, be they members of a JSON document, texts of its path, query and headers, or the
// body as it is. Generated readers see no difference.

package import JSON

/// A structure that requests carry.
package protocol DocumentReadable: Sendable, Equatable {
    /// - Throws: whatever is missing or invalid at or below `node`.
    init(from node: DocumentNode) throws(WireError)
}

/// One value of a request.
package struct DocumentNode: Sendable {
    enum Content: Sendable {
        /// Of the path, a header, or the query, where a name may come several times.
        case texts([String])
        case value(JSONValue)
        case bytes([UInt8])
        case members([DocumentNode])
    }

    package let name: String
    /// The dotted name from the root; elements of lists are counted from 1.
    package let path: String
    let content: Content

    init(_ name: String, path: String, _ content: Content) {
        (self.name, self.path, self.content) = (name, path, content)
    }

    /// A whole document, as JSON services without bindings read it.
    package init(document: JSONValue) { self.init("", path: "", .value(document)) }

    func child(_ name: String, _ value: JSONValue) -> DocumentNode {
        DocumentNode(name, path: path.isEmpty ? name : "\(path).\(name)", .value(value))
    }

    /// The member of that name; one that is null is not there.
    subscript(name: String) -> DocumentNode? {
        switch content {
        case .members(let members): members.first { $0.name == name }
        case .value(.object(let members)): members[name].flatMap { $0 == .null ? nil : child(name, $0) }
        case .value, .texts, .bytes: nil
        }
    }
}
