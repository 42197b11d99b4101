// A request of the query protocols before its operation is known: action, version, and the tree of parameters.
// What belongs to the signature is left out of the tree; the signature itself is judged elsewhere.

/// A decoded request.
package struct QueryRequest: Sendable {
    package let action: String?
    package let version: String?
    /// Everything else, to be read by the operation's input.
    package let parameters: QueryNode
    private let sent: [FormParameter]

    /// - Parameters:
    ///   - query: the bytes after `?` of the request's target, still encoded.
    ///   - body: a form body; its parameters and those of `query` are one set.
    package init(query: [UInt8] = [], body: [UInt8] = [], limits: QueryLimits = QueryLimits()) throws(WireError) {
        var all = try FormDecoder.parameters(in: query, limits: limits)
        all += try FormDecoder.parameters(in: body, limits: limits)
        guard all.count <= limits.parameters else { throw .tooManyParameters(limit: limits.parameters) }
        action = try QueryRequest.single("Action", in: all)
        version = try QueryRequest.single("Version", in: all)
        sent = all.filter { !QueryRequest.isReserved($0.name) }
        parameters = QueryNode(tree: try QueryTree(sent, limits: limits), index: 0)
    }

    /// Whether a parameter was sent whose name, up to its first dot, is as wanted.
    package func hasParameter(_ isWanted: (Substring) -> Bool) -> Bool {
        sent.contains { parameter in
            let dot = parameter.name.utf8.firstIndex(of: UInt8(ascii: "."))
            return isWanted(parameter.name[..<(dot ?? parameter.name.endIndex)])
        }
    }

    /// The value of a parameter of exactly this name.
    package func value(of name: String) -> String? { sent.first { $0.name == name }?.value }

    private static func single(_ name: String, in all: [FormParameter]) throws(WireError) -> String? {
        let found = all.filter { $0.name == name }
        guard found.count <= 1 else { throw .duplicateParameter(name) }
        return found.first?.value
    }

    /// Parameters of the protocol and of signatures (versions 2 and 4), known to every operation.
    package static func isReserved(_ name: String) -> Bool {
        reserved.contains(name) || name.hasPrefix("X-Amz-")
    }

    private static let reserved: Set<String> = [
        "Action", "Version", "AWSAccessKeyId", "SecurityToken", "Signature", "SignatureMethod", "SignatureVersion",
        "Timestamp", "Expires",
    ]

    /// The parameters in one settled order and spelling, so that two requests can be told to ask for the same.
    ///
    /// - Parameter ignored: names to leave out, such as `ClientToken`.
    package func canonicalParameters(ignoring ignored: Set<String> = []) -> String {
        sent.filter { !ignored.contains($0.name) }
            .sorted { $0.name < $1.name }
            .map { "\($0.name.utf8.count):\($0.name)=\($0.value.utf8.count):\($0.value)" }
            .joined(separator: "&")
    }
}
