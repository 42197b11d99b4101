// Lists of the query protocols: `Name.1=a&Name.2=b` (EC2), `Name.member.1=a` (AWS query).
// Numbering may begin anywhere and have gaps: only its order counts.

/// The elements of one list, in the order of their numbers.
package struct QueryElements: Sendable {
    let nodes: [QueryNode]
}

extension QueryNode {
    /// - Throws: `unknownParameter` for parts that are no numbers or a value in place of a list,
    ///   `duplicateParameter` for two spellings of one number.
    package func elements(atMost: Int = .max) throws(WireError) -> QueryElements {
        if let value {
            // The AWS query protocol says an empty list so.
            guard value.isEmpty, children.isEmpty else { throw .unknownParameter(path) }
            return QueryElements(nodes: [])
        }
        var numbered: [(number: Int, node: QueryNode)] = []
        for child in children {
            guard let number = child.number else { throw .unknownParameter(child.path) }
            numbered.append((number, child))
        }
        guard numbered.count <= atMost else {
            throw .invalidValue(
                parameter: path, value: "\(numbered.count) elements", expected: .elements(atMost: atMost))
        }
        numbered.sort { $0.number < $1.number }
        for (left, right) in zip(numbered, numbered.dropFirst()) where left.number == right.number {
            throw .duplicateParameter(right.node.path)
        }
        return QueryElements(nodes: numbered.map(\.node))
    }

    /// The same for a list whose numbers stand below a fixed part, such as `member`.
    package func elements(of name: String, atMost: Int = .max) throws(WireError) -> QueryElements {
        guard let holder = self[name] else { return try elements(atMost: atMost) }
        if let surplus = children.first(where: { $0.name != name }) { throw .unknownParameter(surplus.path) }
        return try holder.elements(atMost: atMost)
    }

    /// A list number: decimal digits, at most nine of them.
    private var number: Int? {
        let text = name.utf8
        guard text.count <= 9, text.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return Int(name)
    }
}

extension QueryElements {
    package func strings(atLeast: Int = 0, atMost: Int = .max) throws(WireError) -> [String] {
        var values: [String] = []
        for node in nodes { values.append(try node.string(atLeast: atLeast, atMost: atMost)) }
        return values
    }

    package func integers(
        atLeast: Int = Int(Int32.min), atMost: Int = Int(Int32.max)
    ) throws(WireError) -> [Int] {
        var values: [Int] = []
        for node in nodes { values.append(try node.integer(atLeast: atLeast, atMost: atMost)) }
        return values
    }

    package func longs(atLeast: Int = .min, atMost: Int = .max) throws(WireError) -> [Int] {
        try integers(atLeast: atLeast, atMost: atMost)
    }

    package func enumerations<Value: RawRepresentable & CaseIterable>(
        _ type: Value.Type
    ) throws(WireError) -> [Value] where Value.RawValue == String {
        var values: [Value] = []
        for node in nodes { values.append(try node.enumeration(type)) }
        return values
    }

    package func structures<Value: QueryReadable>(_ type: Value.Type) throws(WireError) -> [Value] {
        var values: [Value] = []
        for node in nodes { values.append(try Value(from: node)) }
        return values
    }
}
