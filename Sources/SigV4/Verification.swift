// Whether a signature is true: scope, clock, coverage, then the HMAC, then the body.
// The order matters for answers only; nothing is accepted before all of it has passed.

package import CloudTypes

/// What a request's body turned out to be once its signature held.
package struct VerifiedBody: Sendable {
    /// The body without any `aws-chunked` framing.
    package let bytes: [UInt8]
    /// Of an `aws-chunked` body: `x-amz-checksum-crc32` and the like, names in lowercase.
    package let trailers: [(name: String, value: String)]
    /// Whether the signature covers the body.
    package let isSigned: Bool
}

extension SignedRequest {
    /// How far a client's clock may be off, in seconds.
    package static let clockToleranceSeconds = 900.0

    /// Checks the signature against the secret of the key it names.
    ///
    /// - Parameters:
    ///   - serving: what the caller answers for; other regions and services are refused.
    ///   - keys: a memory of signing keys, worth four HMACs a request.
    /// - Returns: the body, its chunk framing removed if it had any.
    /// - Throws: any `SignatureError` but those about the key itself.
    package func verify(
        secretAccessKey: String, serving: ServedScope, now: Timestamp, keys: SigningKeyCache? = nil
    ) throws(SignatureError) -> VerifiedBody {
        try checkScope(serving)
        try checkClock(now)
        try checkCoverage()
        let payload = try payloadForm(serving)
        let key =
            keys?.key(secretAccessKey: secretAccessKey, scope: scope)
            ?? SigningKey(secretAccessKey: secretAccessKey, scope: scope)
        try checkSignature(key, payload)
        switch payload {
        case .hashed(let hash, let isOfBody):
            guard isOfBody || equalInConstantTime(sha256Hex(parts.body), hash) else { throw .payloadHashMismatch }
            return VerifiedBody(bytes: parts.body, trailers: [], isSigned: true)
        case .unsigned: return VerifiedBody(bytes: parts.body, trailers: [], isSigned: false)
        case .chunked(let form):
            return try ChunkedBody(form: form, key: key, scope: scope, time: signedAtText, seed: signature)
                .decode(parts.body, announcedLength: parts.header("x-amz-decoded-content-length"))
        }
    }

    private func checkScope(_ serving: ServedScope) throws(SignatureError) {
        guard scope.terminator == CredentialScope.terminator else { throw .wrongTerminator(scope.terminator) }
        guard scope.service == serving.service else { throw .wrongService(scope.service, expected: serving.service) }
        guard serving.regions.isEmpty || serving.regions.contains(scope.region) else {
            throw .wrongRegion(scope.region)
        }
        guard signedAtText.utf8.prefix(8).elementsEqual(scope.date.utf8) else {
            throw .wrongScopeDate(scope.date, expected: String(signedAtText.prefix(8)))
        }
    }

    private func checkClock(_ now: Timestamp) throws(SignatureError) {
        let tolerance = SignedRequest.clockToleranceSeconds
        let latest = now.adding(seconds: tolerance)
        guard signedAt <= latest else { throw .notYetCurrent(signedAt: signedAt, limit: latest, now: now) }
        let lifetime =
            switch carrier {
            case .header: tolerance
            case .query(let expirySeconds): Double(expirySeconds)
            }
        let earliest = now.adding(seconds: -lifetime)
        guard signedAt >= earliest else { throw .expired(signedAt: signedAt, limit: earliest, now: now) }
    }

    /// Host and every `x-amz-*` header have to be signed, and what is signed has to be there.
    private func checkCoverage() throws(SignatureError) {
        guard signedHeaders.contains("host") else { throw .hostNotSigned }
        for name in signedHeaders where !parts.has(name) { throw .signedHeaderMissing(name) }
        var uncovered: [String] = []
        for header in parts.headers where hasPrefix(header.name, "x-amz-") {
            if !signedHeaders.contains(where: { isNamed(header.name, $0) }) { uncovered.append(header.name) }
        }
        guard uncovered.isEmpty else { throw .headersNotSigned(uncovered.map { $0.lowercased() }) }
        guard carrier != .header || signedHeaders.contains("x-amz-date") || signedHeaders.contains("date") else {
            throw .headersNotSigned(["date"])
        }
    }

    private func checkSignature(_ key: SigningKey, _ payload: PayloadForm) throws(SignatureError) {
        let canonical = CanonicalRequest(
            parts: parts, query: query, leavingOut: carrier == .header ? nil : "X-Amz-Signature",
            signedHeaders: signedHeaders, service: scope.service, payload: payload.canonicalLine
        ).bytes
        let toSign = StringToSign(time: signedAtText, scope: scope, canonicalHash: sha256Hex(canonical)).bytes
        guard equalInConstantTime(key.sign(toSign), signature) else {
            throw .signatureDoesNotMatch(
                canonicalRequest: String(decoding: canonical, as: UTF8.self),
                stringToSign: String(decoding: toSign, as: UTF8.self))
        }
    }
}

/// What stands for the body in a canonical request.
enum PayloadForm {
    /// A hex SHA-256: computed here from the body, or taken from a header and yet to be compared with it.
    case hashed([UInt8], isOfBody: Bool)
    case unsigned
    case chunked(ChunkedBody.Form)

    static let unsignedText = "UNSIGNED-PAYLOAD"

    var canonicalLine: [UInt8] {
        switch self {
        case .hashed(let hash, _): hash
        case .unsigned: Array(PayloadForm.unsignedText.utf8)
        case .chunked(let form): Array(form.rawValue.utf8)
        }
    }
}

extension SignedRequest {
    private func payloadForm(_ serving: ServedScope) throws(SignatureError) -> PayloadForm {
        let announced = parts.header("x-amz-content-sha256") ?? query.values(of: "X-Amz-Content-Sha256").first
        guard let announced else {
            if scope.service == "s3", carrier != .header { return try unsigned(serving) }
            return .hashed(sha256Hex(parts.body), isOfBody: true)
        }
        if announced == PayloadForm.unsignedText { return try unsigned(serving) }
        if let form = ChunkedBody.Form(rawValue: announced) {
            guard form.isSigned || serving.allowsUnsignedPayload else { throw .unsignedPayloadRefused }
            return .chunked(form)
        }
        return .hashed(Array(announced.utf8), isOfBody: false)
    }

    private func unsigned(_ serving: ServedScope) throws(SignatureError) -> PayloadForm {
        guard serving.allowsUnsignedPayload else { throw .unsignedPayloadRefused }
        return .unsigned
    }
}
