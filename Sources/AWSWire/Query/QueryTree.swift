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
                index = builder.child(part, of: index)
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
        /// The children of those who have many.
        private var places: [Key: Int] = [:]

        /// So many children are sooner looked through than hashed.
        private static let few = 8

        mutating func child(_ name: Substring, of parent: Int) -> Int {
            if let known = place(of: name, in: parent) { return known }
            let index = entries.count
            entries.append(Entry(name: String(name), parent: parent))
            entries[parent].children.append(index)
            let children = entries[parent].children
            if children.count == Builder.few {
                for child in children { places[Key(parent: parent, name: entries[child].name)] = child }
            } else if children.count > Builder.few {
                places[Key(parent: parent, name: entries[index].name)] = index
            }
            return index
        }

        private func place(of name: Substring, in parent: Int) -> Int? {
            let children = entries[parent].children
            guard children.count < Builder.few else { return places[Key(parent: parent, name: String(name))] }
            return children.first { entries[$0].name == name }
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
