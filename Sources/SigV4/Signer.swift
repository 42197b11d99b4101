// The client's side: signs a request, or an address that others may use for a while.
// Our command line, tests and benchmarks sign with it.

package import CloudTypes

/// What a signature covers of the body.
package enum SignedPayload: Equatable, Sendable {
    /// The body's hash, not announced in a header: the rule for all services but S3.
    case body
    /// The body's hash, announced in `x-amz-content-sha256`.
    case announcedBody
    /// Nothing: `UNSIGNED-PAYLOAD`.
    case unsigned
    /// Chunks of so many bytes, each signed.
    case chunked(chunkBytes: Int)
}

/// Signs requests for one key, region and service.
package struct Signer: Sendable {
    package let credentials: SigningCredentials
    package let region: String
    package let service: String
    private let keys: SigningKeyCache

    package init(
        credentials: SigningCredentials, region: String, service: String, keys: SigningKeyCache = SigningKeyCache()
    ) {
        (self.credentials, self.region, self.service, self.keys) = (credentials, region, service, keys)
    }

    /// The request with the headers that sign it: `X-Amz-Date`, `Authorization` and, where due, `X-Amz-Security-Token`
    /// and `X-Amz-Content-SHA256`. The request has to carry its `Host`. Chunking replaces the body.
    package func sign(_ parts: RequestParts, at now: Timestamp, payload: SignedPayload = .body) -> RequestParts {
        var signed = parts
        let time = now.iso8601Basic
        signed.headers.append(("X-Amz-Date", time))
        if let token = credentials.sessionToken { signed.headers.append(("X-Amz-Security-Token", token)) }
        let line = payloadLine(payload, of: parts)
        if payload != .body {
            signed.headers.append(("X-Amz-Content-SHA256", String(decoding: line, as: UTF8.self)))
        }
        if case .chunked = payload {
            signed.headers.append(("X-Amz-Decoded-Content-Length", String(parts.body.count)))
        }
        let names = signableNames(signed.headers)
        let signature = self.signature(of: signed, names: names, time: time, payload: line, leavingOut: nil)
        let scope = self.scope(at: now)
        signed.headers.append(
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(scope), SignedHeaders=\(names.joined(separator: ";")), "
                    + "Signature=\(String(decoding: signature, as: UTF8.self))"
            ))
        if case .chunked(let chunkBytes) = payload {
            signed.body = ChunkedBody(form: .signed, key: key(scope), scope: scope, time: time, seed: signature)
                .encode(parts.body, chunkBytes: chunkBytes)
        }
        return signed
    }

    /// The request with a query that signs it for `expirySeconds`, 1 to 604,800.
    package func presign(
        _ parts: RequestParts, at now: Timestamp, expirySeconds: Int, payload: SignedPayload = .body
    ) -> RequestParts {
        var signed = parts
        let scope = self.scope(at: now)
        let names = signableNames(parts.headers)
        var fields = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", scope.description),
            ("X-Amz-Date", now.iso8601Basic), ("X-Amz-Expires", String(expirySeconds)),
            ("X-Amz-SignedHeaders", names.joined(separator: ";")),
        ]
        if let token = credentials.sessionToken { fields.append(("X-Amz-Security-Token", token)) }
        if payload == .unsigned, service != "s3" {
            fields.append(("X-Amz-Content-Sha256", PayloadForm.unsignedText))
        }
        let added = fields.map { "\($0.0)=\(PercentEncoding.encoded($0.1))" }.joined(separator: "&")
        signed.query = parts.query.isEmpty ? added : "\(parts.query)&\(added)"
        let line = service == "s3" ? Array(PayloadForm.unsignedText.utf8) : payloadLine(payload, of: parts)
        let signature = self.signature(
            of: signed, names: names, time: now.iso8601Basic, payload: line, leavingOut: "X-Amz-Signature")
        signed.query += "&X-Amz-Signature=\(String(decoding: signature, as: UTF8.self))"
        return signed
    }

    private func signature(
        of parts: RequestParts, names: [String], time: String, payload: [UInt8], leavingOut: String?
    ) -> [UInt8] {
        let canonical = CanonicalRequest(
            parts: parts, query: QueryPairs(parts.query), leavingOut: leavingOut, signedHeaders: names,
            service: service, payload: payload)
        let scope = CredentialScope(
            accessKeyID: credentials.accessKeyID, date: String(time.prefix(8)), region: region, service: service)
        let toSign = StringToSign(time: time, scope: scope, canonicalHash: sha256Hex(canonical.bytes))
        return key(scope).sign(toSign.bytes)
    }

    private func scope(at now: Timestamp) -> CredentialScope {
        CredentialScope(
            accessKeyID: credentials.accessKeyID, date: now.scopeDate, region: region, service: service)
    }

    private func key(_ scope: CredentialScope) -> SigningKey {
        keys.key(secretAccessKey: credentials.secretAccessKey, scope: scope)
    }

    private func payloadLine(_ payload: SignedPayload, of parts: RequestParts) -> [UInt8] {
        switch payload {
        case .body, .announcedBody: sha256Hex(parts.body)
        case .unsigned: Array(PayloadForm.unsignedText.utf8)
        case .chunked: Array(ChunkedBody.Form.signed.rawValue.utf8)
        }
    }

    /// All headers but those that proxies and clients may change on the way.
    private func signableNames(_ headers: [(name: String, value: String)]) -> [String] {
        let unsignable: Set = [
            "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
        ]
        return Set(headers.map { $0.name.lowercased() }).subtracting(unsignable).sorted()
    }
}
