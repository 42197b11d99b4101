// A signed request taken apart: who signed, when, what is covered. Says nothing yet about whether it is true; that is
// `verify`. Follows: AWS IAM User Guide, "Elements of an AWS API request signature".

package import CloudTypes

/// A request whose signature has been read but not yet checked.
package struct SignedRequest: Sendable {
    /// Where the signature was found.
    package enum Carrier: Equatable, Sendable {
        case header
        /// A presigned address, good for so many seconds after signing.
        case query(expirySeconds: Int)
    }

    package let scope: CredentialScope
    package let carrier: Carrier
    package let signedAt: Timestamp
    /// Lowercase names, in the order that was signed.
    package let signedHeaders: [String]
    /// Of temporary credentials; compare it with the one that was issued.
    package let sessionToken: String?
    package let parts: RequestParts
    /// As sent: 64 hex digits if well formed.
    let signature: [UInt8]
    let query: QueryPairs
    /// The form the moment of signing takes in the string to sign.
    let signedAtText: String

    /// Reads the signature of a request, from its `Authorization` header or its query.
    package static func parse(_ parts: RequestParts) throws(SignatureError) -> SignedRequest {
        let query = QueryPairs(parts.query)
        let isPresigned =
            !query.isEmpty
            && !(query.values(of: "X-Amz-Signature") + query.values(of: "X-Amz-Credential")
                + query.values(of: "X-Amz-Algorithm")).isEmpty
        let authorizations = parts.headers.filter { isNamed($0.name, "authorization") }
        guard authorizations.count < 2, authorizations.isEmpty || !isPresigned else { throw .ambiguousAuthentication }
        if let authorization = authorizations.first {
            return try parse(authorization: authorization.value, parts, query)
        }
        guard isPresigned else { throw .missingAuthentication }
        return try parse(presigned: query, parts)
    }

    private static func parse(
        authorization: String, _ parts: RequestParts, _ query: QueryPairs
    ) throws(SignatureError) -> SignedRequest {
        let fields = try AuthorizationFields(authorization)
        var missing: [String] = []
        if fields.credential == nil { missing.append("Credential") }
        if fields.signature == nil { missing.append("Signature") }
        if fields.signedHeaders == nil { missing.append("SignedHeaders") }
        let dateText = parts.header("x-amz-date") ?? parts.header("date")
        if dateText == nil { missing.append("X-Amz-Date") }
        guard let credential = fields.credential, let signature = fields.signature,
            let signedHeaders = fields.signedHeaders, let dateText
        else { throw .missingParts(missing, inQuery: false) }
        let basic = Timestamp(iso8601Basic: dateText)
        guard let moment = basic ?? Timestamp(httpDate: dateText) else { throw .malformedDate(dateText) }
        return SignedRequest(
            scope: try scope(credential), carrier: .header, signedAt: moment,
            signedHeaders: try names(signedHeaders), sessionToken: parts.header("x-amz-security-token"),
            parts: parts, signature: Array(signature), query: query,
            signedAtText: basic == nil ? moment.iso8601Basic : dateText)
    }

    private static func parse(
        presigned query: QueryPairs, _ parts: RequestParts
    ) throws(SignatureError) -> SignedRequest {
        var missing: [String] = []
        func one(_ name: String) throws(SignatureError) -> String {
            let values = query.values(of: name)
            guard values.count < 2 else { throw .ambiguousAuthentication }
            if values.isEmpty { missing.append(name) }
            return values.first ?? ""
        }
        let algorithm = try one("X-Amz-Algorithm")
        let credential = try one("X-Amz-Credential")
        let signature = try one("X-Amz-Signature")
        let signedHeaders = try one("X-Amz-SignedHeaders")
        let date = try one("X-Amz-Date")
        guard missing.isEmpty else { throw .missingParts(missing, inQuery: true) }
        let expiry = try one("X-Amz-Expires")
        let token = try one("X-Amz-Security-Token")
        guard algorithm == AuthorizationFields.algorithm else { throw .unsupportedAlgorithm(algorithm) }
        guard let moment = Timestamp(iso8601Basic: date) else { throw .malformedDate(date) }
        return SignedRequest(
            scope: try scope(Array(credential.utf8)[...]),
            carrier: .query(expirySeconds: try expirySeconds(expiry)), signedAt: moment,
            signedHeaders: try names(Array(signedHeaders.utf8)[...]), sessionToken: token.isEmpty ? nil : token,
            parts: parts,
            signature: Array(signature.utf8), query: query, signedAtText: date)
    }

    /// Seconds a presigned request is good for; 15 minutes where it does not say.
    private static func expirySeconds(_ text: String) throws(SignatureError) -> Int {
        if text.isEmpty { return 900 }
        guard let seconds = number(Array(text.utf8)), (1...604_800).contains(seconds) else {
            throw .invalidExpiry(text)
        }
        return seconds
    }

    private static func scope(_ text: ArraySlice<UInt8>) throws(SignatureError) -> CredentialScope {
        guard let scope = CredentialScope(text) else {
            throw .malformedCredential(String(decoding: text, as: UTF8.self))
        }
        return scope
    }

    private static func names(_ text: ArraySlice<UInt8>) throws(SignatureError) -> [String] {
        var names: [String] = []
        names.reserveCapacity(8)
        var isWellFormed = true
        forEachPart(of: text, separator: UInt8(ascii: ";")) { name in
            isWellFormed =
                isWellFormed && !name.isEmpty
                && name.allSatisfy { $0 > 32 && $0 < 127 && !($0 >= 65 && $0 <= 90) }
            names.append(String(decoding: name, as: UTF8.self))
        }
        guard isWellFormed, !hasRepetition(names) else {
            throw .malformedSignedHeaders(String(decoding: text, as: UTF8.self))
        }
        return names
    }

    /// A few names are sooner compared with each other than hashed.
    private static func hasRepetition(_ names: [String]) -> Bool {
        guard names.count <= 16 else { return Set(names).count < names.count }
        return names.indices.contains { names[..<$0].contains(names[$0]) }
    }
}

/// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, in any order.
private struct AuthorizationFields {
    static let algorithm = "AWS4-HMAC-SHA256"

    private(set) var credential: ArraySlice<UInt8>?
    private(set) var signedHeaders: ArraySlice<UInt8>?
    private(set) var signature: ArraySlice<UInt8>?

    init(_ header: String) throws(SignatureError) {
        // Every request passes here: the text is cut as bytes, which a string's own indices make slow.
        let trimmed = Array(header.utf8).drop { $0 == 32 }
        let algorithm = trimmed.prefix { $0 != 32 }
        guard algorithm.elementsEqual(AuthorizationFields.algorithm.utf8) else {
            throw .unsupportedAlgorithm(String(decoding: algorithm.prefix(32), as: UTF8.self))
        }
        var isRepeated = false
        forEachPart(of: trimmed[algorithm.endIndex...], separator: UInt8(ascii: ",")) { field in
            let field = field.drop { $0 == 32 || $0 == 9 }
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { return }
            let value = field[(equals + 1)...].prefix { $0 != 32 && $0 != 9 }
            if !take(field[..<equals], value) { isRepeated = true }
        }
        if isRepeated { throw .ambiguousAuthentication }
    }

    /// Returns false for a field that was there before.
    private mutating func take(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Bool {
        if name.elementsEqual("Credential".utf8) {
            defer { credential = value }
            return credential == nil
        }
        if name.elementsEqual("SignedHeaders".utf8) {
            defer { signedHeaders = value }
            return signedHeaders == nil
        }
        if name.elementsEqual("Signature".utf8) {
            defer { signature = value }
            return signature == nil
        }
        return true
    }
}
