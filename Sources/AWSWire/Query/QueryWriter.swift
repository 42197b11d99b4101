// A structure written down as the parameters that a request would carry: the opposite of reading one.

package import CloudTypes

/// A structure that can be kept as parameters, and read again from them.
package protocol QueryWritable: Sendable {
    func write(to query: inout QueryWriter)
}

extension QueryWritable {
    /// By dotted name; what is not there is left out.
    package var parameters: [String: String] {
        var writer = QueryWriter()
        write(to: &writer)
        return writer.parameters
    }
}

extension QueryReadable {
    /// Reads what was written.
    ///
    /// - Throws: also for parameters that the structure does not have.
    package init(parameters: [String: String]) throws(WireError) {
        let list = parameters.map { FormParameter(name: $0.key, value: $0.value) }
        try self.init(from: QueryNode(tree: try QueryTree(list, limits: QueryLimits(parameters: .max)), index: 0))
    }
}

package struct QueryWriter {
    fileprivate private(set) var parameters: [String: String] = [:]
    private var prefix = ""

    fileprivate init() {}

    package mutating func member(_ name: String, _ value: String?) {
        if let value { parameters[prefix + name] = value }
    }

    package mutating func member(_ name: String, _ value: Int?) { member(name, value.map { "\($0)" }) }
    package mutating func member(_ name: String, _ value: Double?) { member(name, value.map { "\($0)" }) }
    package mutating func member(_ name: String, _ value: Bool?) { member(name, value.map { "\($0)" }) }
    package mutating func member(_ name: String, _ value: Timestamp?) { member(name, value?.description) }
    package mutating func member(_ name: String, _ value: [UInt8]?) { member(name, value.map(Base64.encode)) }

    package mutating func member<Value: RawRepresentable>(_ name: String, _ value: Value?)
    where Value.RawValue == String {
        member(name, value?.rawValue)
    }

    package mutating func member(_ name: String, _ value: (some QueryWritable)?) {
        guard let value else { return }
        let outer = prefix
        prefix += name + "."
        value.write(to: &self)
        prefix = outer
    }

    package mutating func list(_ name: String, _ values: [String]) {
        for (position, value) in values.enumerated() { member("\(name).\(position + 1)", value) }
    }

    package mutating func list<Value: RawRepresentable>(_ name: String, _ values: [Value])
    where Value.RawValue == String {
        list(name, values.map(\.rawValue))
    }

    package mutating func list(_ name: String, _ values: [some QueryWritable]) {
        for (position, value) in values.enumerated() { member("\(name).\(position + 1)", value) }
    }
}
