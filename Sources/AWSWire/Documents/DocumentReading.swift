// How a value of a document becomes a typed one; generated readers call these, and they alone decide what is acceptable.

package import CloudTypes
import JSON

extension DocumentNode {
    /// The members of a structure that are there.
    package func members() throws(WireError) -> [DocumentNode] {
        switch content {
        case .members(let members): return members
        case .value(.object(let members)):
            return members.compactMap { $0.value == .null ? nil : child($0.key, $0.value) }
        case .value, .texts, .bytes: throw refused(.structure)
        }
    }

    /// The member of that name.
    package func required(_ name: String) throws(WireError) -> DocumentNode {
        guard let member = self[name] else { throw .missingParameter(path.isEmpty ? name : "\(path).\(name)") }
        return member
    }

    package func require<Value>(_ value: Value?, _ name: String) throws(WireError) {
        guard value != nil else { throw .missingParameter(path.isEmpty ? name : "\(path).\(name)") }
    }

    package func require<Element>(_ list: [Element], _ name: String) throws(WireError) {
        if list.isEmpty { _ = try required(name) }
    }

    /// As a refusal shows it: a long value by its beginning.
    private var shown: String {
        let text: String =
            switch content {
            case .texts(let texts): texts.joined(separator: ",")
            case .value(.string(let text)): text
            case .value(let value): value.description
            case .bytes(let bytes): "\(bytes.count) bytes"
            case .members: "{}"
            }
        return text.unicodeScalars.count > 64 ? String(text.prefix(60)) + "…" : text
    }

    private func refused(_ expected: ExpectedValue) -> WireError {
        .invalidValue(parameter: path, value: shown, expected: expected)
    }

    /// The text, or nil where something else stands there.
    private func text() throws(WireError) -> String? {
        switch content {
        case .texts(let texts):
            guard texts.count == 1 else { throw .duplicateParameter(path) }
            return texts[0]
        case .value(let value): return value.text
        case .bytes, .members: return nil
        }
    }

    private var value: JSONValue? { if case .value(let value) = content { value } else { nil } }

    /// - Parameters: lengths in Unicode scalars.
    package func string(
        atLeast: Int = 0, atMost: Int = .max, as pattern: TextPattern? = nil
    ) throws(WireError) -> String {
        guard let text = try text() else { throw refused(.text) }
        let length = text.unicodeScalars.count
        guard length >= atLeast, length <= atMost else {
            throw refused(.characters(atLeast: atLeast, atMost: atMost))
        }
        if let pattern, !pattern.matches(text) { throw refused(.pattern) }
        return text
    }

    /// A 32-bit integer.
    package func integer(
        atLeast: Int = Int(Int32.min), atMost: Int = Int(Int32.max)
    ) throws(WireError) -> Int {
        let number: Int? =
            switch value {
            case .integer(let number): Int(number)
            case .number(let number): Int(exactly: number)
            case nil: Int(try text() ?? "")
            case .null, .bool, .string, .array, .object: nil
            }
        guard let number, number >= atLeast, number <= atMost else {
            throw refused(.integer(atLeast: atLeast, atMost: atMost))
        }
        return number
    }

    /// A 64-bit integer.
    package func long(atLeast: Int = .min, atMost: Int = .max) throws(WireError) -> Int {
        try integer(atLeast: atLeast, atMost: atMost)
    }

    package func double() throws(WireError) -> Double {
        let number: Double? =
            switch value {
            case .integer(let number): Double(number)
            case .number(let number): number
            case nil: Double(try text() ?? "")
            case .null, .bool, .string, .array, .object: nil
            }
        guard let number, number.isFinite else { throw refused(.number) }
        return number
    }

    package func boolean() throws(WireError) -> Bool {
        if let flag = value?.flag { return flag }
        switch value == nil ? try text() : nil {
        case "true": return true
        case "false": return false
        default: throw refused(.boolean)
        }
    }

    /// Seconds since 1970, or ISO 8601.
    package func timestamp() throws(WireError) -> Timestamp {
        if value?.text == nil, let seconds = try? double(), abs(seconds) < 1e12 {
            return Timestamp(milliseconds: Int64((seconds * 1000).rounded()))
        }
        guard let moment = Timestamp(iso8601: try text() ?? "") else { throw refused(.timestamp) }
        return moment
    }

    /// The body as it is; elsewhere bytes are sent as base64.
    package func blob() throws(WireError) -> [UInt8] {
        if case .bytes(let bytes) = content { return bytes }
        guard let bytes = Base64.decode(try text() ?? "=") else { throw refused(.base64) }
        return bytes
    }

    package func enumeration<Value: RawRepresentable & CaseIterable>(
        _ type: Value.Type
    ) throws(WireError) -> Value where Value.RawValue == String {
        guard let value = Value(rawValue: try text() ?? "") else {
            throw refused(.oneOf(Value.allCases.map(\.rawValue)))
        }
        return value
    }

    package func elements(atMost: Int = .max) throws(WireError) -> DocumentElements {
        let nodes: [DocumentNode]
        switch content {
        case .texts(let texts): nodes = texts.enumerated().map { element($0 + 1, .texts([$1])) }
        case .value(.array(let values)): nodes = values.enumerated().map { element($0 + 1, .value($1)) }
        case .value, .bytes, .members: throw refused(.list)
        }
        guard nodes.count <= atMost else {
            throw .invalidValue(
                parameter: path, value: "\(nodes.count) elements", expected: .elements(atMost: atMost))
        }
        return DocumentElements(nodes: nodes)
    }

    private func element(_ number: Int, _ content: Content) -> DocumentNode {
        DocumentNode("\(number)", path: "\(path).\(number)", content)
    }
}

/// The elements of one list.
package struct DocumentElements: Sendable {
    let nodes: [DocumentNode]

    package func strings(
        atLeast: Int = 0, atMost: Int = .max, as pattern: TextPattern? = nil
    ) throws(WireError) -> [String] {
        var values: [String] = []
        for node in nodes { values.append(try node.string(atLeast: atLeast, atMost: atMost, as: pattern)) }
        return values
    }

    package func integers(
        atLeast: Int = Int(Int32.min), atMost: Int = Int(Int32.max)
    ) throws(WireError) -> [Int] {
        var values: [Int] = []
        for node in nodes { values.append(try node.integer(atLeast: atLeast, atMost: atMost)) }
        return values
    }

    package func enumerations<Value: RawRepresentable & CaseIterable>(
        _ type: Value.Type
    ) throws(WireError) -> [Value] where Value.RawValue == String {
        var values: [Value] = []
        for node in nodes { values.append(try node.enumeration(type)) }
        return values
    }

    package func structures<Value: DocumentReadable>(_ type: Value.Type) throws(WireError) -> [Value] {
        var values: [Value] = []
        for node in nodes { values.append(try Value(from: node)) }
        return values
    }
}
