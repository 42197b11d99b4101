// How a node becomes a typed value; generated readers call these, and they alone decide what text is acceptable.

package import CloudTypes

extension QueryNode {
    /// The members of a structure.
    ///
    /// - Throws: `unknownParameter` where a value was sent in place of a structure.
    package func members() throws(WireError) -> [QueryNode] {
        guard value == nil else { throw .unknownParameter(path) }
        return children
    }

    /// For structures that have no members.
    package func refuseMembers() throws(WireError) {
        if let surplus = try members().first { throw .unknownParameter(surplus.path) }
    }

    /// The text of a scalar.
    ///
    /// - Throws: `unknownParameter` for parts below a scalar.
    private func scalar() throws(WireError) -> String {
        if let surplus = children.first { throw .unknownParameter(surplus.firstSentPath) }
        guard let value else { throw .missingParameter(path) }
        return value
    }

    /// The path of the first parameter that was really sent at or below this node.
    private var firstSentPath: String {
        var node = self
        while node.value == nil, let below = node.children.first { node = below }
        return node.path
    }

    private func refused(_ expected: ExpectedValue) -> WireError {
        .invalidValue(parameter: path, value: value ?? "", expected: expected)
    }

    /// - Parameters: lengths in Unicode scalars.
    package func string(atLeast: Int = 0, atMost: Int = .max) throws(WireError) -> String {
        let text = try scalar()
        if atLeast == 0, text.utf8.count <= atMost { return text }
        let length = text.unicodeScalars.count
        guard length >= atLeast, length <= atMost else {
            throw refused(.characters(atLeast: atLeast, atMost: atMost))
        }
        return text
    }

    /// A 32-bit integer.
    package func integer(
        atLeast: Int = Int(Int32.min), atMost: Int = Int(Int32.max)
    ) throws(WireError) -> Int {
        guard let number = Int(try scalar()), number >= atLeast, number <= atMost else {
            throw refused(.integer(atLeast: atLeast, atMost: atMost))
        }
        return number
    }

    /// A 64-bit integer.
    package func long(atLeast: Int = .min, atMost: Int = .max) throws(WireError) -> Int {
        try integer(atLeast: atLeast, atMost: atMost)
    }

    package func double() throws(WireError) -> Double {
        guard let number = Double(try scalar()), number.isFinite else { throw refused(.number) }
        return number
    }

    /// `true` or `false`, in any case.
    package func boolean() throws(WireError) -> Bool {
        switch try scalar().lowercased() {
        case "true": true
        case "false": false
        default: throw refused(.boolean)
        }
    }

    package func timestamp() throws(WireError) -> Timestamp {
        guard let moment = Timestamp(iso8601: try scalar()) else { throw refused(.timestamp) }
        return moment
    }

    /// Bytes sent as base64.
    package func blob() throws(WireError) -> [UInt8] {
        guard let bytes = Base64.decode(try scalar()) else { throw refused(.base64) }
        return bytes
    }

    package func enumeration<Value: RawRepresentable & CaseIterable>(
        _ type: Value.Type
    ) throws(WireError) -> Value where Value.RawValue == String {
        guard let value = Value(rawValue: try scalar()) else {
            throw refused(.oneOf(Value.allCases.map(\.rawValue)))
        }
        return value
    }

    // What the model calls required. AWS takes an empty text for an absent one.

    /// The child of that name.
    package func required(_ name: String) throws(WireError) -> QueryNode {
        guard let child = self[name], child.value?.isEmpty != true else {
            throw .missingParameter(path(adding: name))
        }
        return child
    }

    package func require<Value>(_ value: Value?, _ name: String) throws(WireError) {
        guard value != nil else { throw .missingParameter(path(adding: name)) }
    }

    package func require<Element>(_ list: [Element], _ name: String) throws(WireError) {
        guard !list.isEmpty else { throw .missingParameter(path(adding: name)) }
    }
}
