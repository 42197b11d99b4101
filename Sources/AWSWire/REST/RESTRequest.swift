// A request of a rest-json service: its parts gathered into the one tree that the operation's input is read from.

import JSON

package struct RESTRequest: Sendable {
    /// Every member of the input that was sent.
    package let root: DocumentNode
    private let document: [String: JSONValue]

    /// - Parameters:
    ///   - labels: parts of the path, still escaped.
    ///   - query: the bytes after `?`, still encoded; parameters that the operation does not know are passed over.
    package init(
        _ binding: RESTBinding, labels: [String: String], query: String, headers: [(name: String, value: String)],
        body: [UInt8]
    ) throws(WireError) {
        var members: [DocumentNode] = []
        for (name, text) in labels {
            let plus = text.replacing("+", with: "%2B")
            guard let text = FormDecoder.text(Array(plus.utf8)[...]) else { throw .malformedEncoding(parameter: name) }
            members.append(DocumentNode(name, path: name, .texts([text])))
        }
        if !binding.query.isEmpty {
            let sent = try FormDecoder.parameters(in: Array(query.utf8), limits: QueryLimits())
            for name in binding.query {
                let texts = sent.filter { $0.name == name }.map(\.value)
                if !texts.isEmpty { members.append(DocumentNode(name, path: name, .texts(texts))) }
            }
        }
        for name in binding.headers {
            let texts = headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
            if !texts.isEmpty { members.append(DocumentNode(name, path: name, .texts(texts))) }
        }
        if let payload = binding.payload { members.append(DocumentNode(payload, path: payload, .bytes(body))) }
        document = binding.readsDocument ? try RESTRequest.document(body) : [:]
        for (name, value) in document where value != .null {
            members.append(DocumentNode(name, path: name, .value(value)))
        }
        root = DocumentNode("", path: "", .members(members))
    }

    /// The document in one settled order and spelling, so that two requests can be told to ask for the same.
    package func canonicalDocument(ignoring ignored: Set<String>) -> String {
        JSONValue.object(document.filter { !ignored.contains($0.key) }).description
    }

    private static func document(_ body: [UInt8]) throws(WireError) -> [String: JSONValue] {
        if body.isEmpty { return [:] }
        guard String(validating: body, as: UTF8.self) != nil, let value = try? JSONValue(parsing: body),
            case .object(let members) = value
        else { throw .malformedDocument }
        return members
    }
}
