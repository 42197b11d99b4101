// What a signature covers: a request as it is on the wire, free of any HTTP library, and its canonical form.
// Follows: AWS IAM User Guide, "Create a signed AWS API request".

/// A request as received or about to be sent. Nothing is decoded: signatures cover what is on the wire.
package struct RequestParts: Sendable {
    package var method: String
    /// The path as on the wire, percent escapes untouched.
    package var path: String
    /// The query as on the wire, without its `?`.
    package var query: String
    /// In the order of arrival, repeated names kept apart.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
        method: String, path: String, query: String = "", headers: [(name: String, value: String)],
        body: [UInt8] = []
    ) {
        (self.method, self.path, self.query) = (method, path, query)
        (self.headers, self.body) = (headers, body)
    }

    /// Takes a request target apart at its first `?`.
    package init(
        method: String, target: String, headers: [(name: String, value: String)], body: [UInt8] = []
    ) {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        self.init(
            method: method, path: String(target[..<(mark ?? target.endIndex)]),
            query: mark.map { String(target[target.utf8.index(after: $0)...]) } ?? "", headers: headers, body: body)
    }

    /// The first value of a header, its name given in lowercase.
    func header(_ lowercaseName: String) -> String? {
        for header in headers where isNamed(header.name, lowercaseName) { return header.value }
        return nil
    }

    func has(_ lowercaseName: String) -> Bool { header(lowercaseName) != nil }
}

/// The text whose hash a signature covers.
struct CanonicalRequest {
    let parts: RequestParts
    let query: QueryPairs
    /// The query parameter that carries the signature itself, and so is not covered.
    let leavingOut: String?
    /// Lowercase names, in the order that is signed.
    let signedHeaders: [String]
    let service: String
    /// The last line: a hex hash or one of the literals, `UNSIGNED-PAYLOAD` and so on.
    let payload: [UInt8]

    var bytes: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(1024)
        let newline = UInt8(ascii: "\n")
        text.append(contentsOf: parts.method.utf8)
        text.append(newline)
        CanonicalPath.append(parts.path, service: service, to: &text)
        text.append(newline)
        query.appendCanonical(leavingOut: leavingOut, to: &text)
        text.append(newline)
        for name in signedHeaders {
            text.append(contentsOf: name.utf8)
            text.append(UInt8(ascii: ":"))
            appendValues(of: name, to: &text)
            text.append(newline)
        }
        text.append(newline)
        for (index, name) in signedHeaders.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ";")) }
            text.append(contentsOf: name.utf8)
        }
        text.append(newline)
        text.append(contentsOf: payload)
        return text
    }

    /// All values under a name, joined by commas.
    private func appendValues(of name: String, to text: inout [UInt8]) {
        var isFirst = true
        for header in parts.headers where isNamed(header.name, name) {
            if !isFirst { text.append(UInt8(ascii: ",")) }
            isFirst = false
            CanonicalRequest.appendTrimmed(header.value, to: &text)
        }
    }

    /// A value without white space at its ends, every run of white space inside being one space.
    private static func appendTrimmed(_ value: String, to text: inout [UInt8]) {
        var pendingSpace = false
        var isEmpty = true
        for byte in value.utf8 {
            if byte == 32 || (byte >= 9 && byte <= 13) {
                pendingSpace = !isEmpty
                continue
            }
            if pendingSpace { text.append(32) }
            (pendingSpace, isEmpty) = (false, false)
            text.append(byte)
        }
    }
}

/// The text that is signed: algorithm, moment, scope, and the hash of the canonical request.
struct StringToSign {
    let time: String
    let scope: CredentialScope
    let canonicalHash: [UInt8]

    var bytes: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text.append(contentsOf: "AWS4-HMAC-SHA256\n".utf8)
        text.append(contentsOf: time.utf8)
        text.append(UInt8(ascii: "\n"))
        scope.append(to: &text)
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: canonicalHash)
        return text
    }
}
