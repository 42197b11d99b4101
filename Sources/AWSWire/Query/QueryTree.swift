// The tree that dotted parameter names describe: `Filter.1.Value.2=x`. Built once per request, then only read.

/// The nodes of one request; the first is the root.
final class QueryTree: Sendable {
    struct Entry: Sendable {
        let name: String
        let parent: Int
        var value: String?
        var children: [Int] = []
    }

    let entries: [Entry]

    /// - Throws: `unknownParameter` for a name with an empty part, `parameterTooDeep`, `duplicateParameter`.
    init(_ parameters: [FormParameter], limits: QueryLimits) throws(WireError) {
        var builder = Builder()
        for parameter in parameters {
            let parts = parameter.name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= limits.depth else {
                throw .parameterTooDeep(parameter.name, limit: limits.depth)
            }
            var index = 0
            for part in parts {
                guard !part.isEmpty else { throw .unknownParameter(parameter.name) }
                index = builder.child(String(part), of: index)
            }
            guard builder.entries[index].value == nil else { throw .duplicateParameter(parameter.name) }
            builder.entries[index].value = parameter.value
        }
        entries = builder.entries
    }

    private struct Builder {
        struct Key: Hashable {
            let parent: Int
            let name: String
        }

        var entries = [Entry(name: "", parent: 0)]
        private var places: [Key: Int] = [:]

        mutating func child(_ name: String, of parent: Int) -> Int {
            let key = Key(parent: parent, name: name)
            if let known = places[key] { return known }
            let index = entries.count
            entries.append(Entry(name: name, parent: parent))
            entries[parent].children.append(index)
            places[key] = index
            return index
        }
    }
}

/// One part of a parameter's name, with the value or the further parts below it.
package struct QueryNode: Sendable {
    let tree: QueryTree
    let index: Int

    /// The last part of the name.
    package var name: String { tree.entries[index].name }

    /// What the client sent under exactly this name.
    package var value: String? { tree.entries[index].value }

    /// Parts below, in the order they were first sent.
    package var children: [QueryNode] {
        tree.entries[index].children.map { QueryNode(tree: tree, index: $0) }
    }

    /// The dotted name from the root, as the client sent it.
    package var path: String {
        var parts: [String] = []
        var position = index
        while position != 0 {
            parts.append(tree.entries[position].name)
            position = tree.entries[position].parent
        }
        return parts.reversed().joined(separator: ".")
    }

    /// The child of that name.
    package subscript(name: String) -> QueryNode? {
        tree.entries[index].children.first { tree.entries[$0].name == name }.map { QueryNode(tree: tree, index: $0) }
    }

    func path(adding name: String) -> String { index == 0 ? name : path + "." + name }
}
