import CloudTypes
import Testing

@testable import SigV4

@Suite("A body in signed chunks")
struct ChunkTests {
    static let body = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let signed: RequestParts = {
        var parts = plainRequest()
        parts.body = ChunkTests.body
        return signer("ebs").sign(parts, at: signedMoment, payload: .chunked(chunkBytes: 300))
    }()

    private func verified(_ parts: RequestParts) throws -> VerifiedBody {
        try SignedRequest.parse(parts).verify(
            secretAccessKey: secret, serving: serving("ebs"), now: signedMoment)
    }

    @Test("comes out without its frames")
    func decoded() throws {
        let body = try verified(signed)
        #expect(body.bytes == Self.body && body.isSigned)
    }

    @Test("may be empty")
    func empty() throws {
        var parts = plainRequest()
        parts.body = []
        let signed = signer("ebs").sign(parts, at: signedMoment, payload: .chunked(chunkBytes: 10))
        #expect(try verified(signed).bytes.isEmpty)
    }

    @Test("is refused if any byte of it is changed")
    func flipped() {
        for position in signed.body.indices {
            var parts = signed
            parts.body[position] ^= 1
            #expect(refusal(of: parts, serving: serving("ebs")) != nil, "byte \(position)")
        }
    }

    @Test("is refused if it is cut off anywhere, or goes on")
    func cut() {
        for count in 0..<signed.body.count {
            var parts = signed
            parts.body = Array(signed.body.prefix(count))
            #expect(refusal(of: parts, serving: serving("ebs")) != nil, "\(count) bytes")
        }
        var longer = signed
        longer.body.append(0)
        #expect(refusal(of: longer, serving: serving("ebs")) != nil)
    }

    private func withTrailer(_ form: ChunkedBody.Form) -> RequestParts {
        // The framing is made by hand: the signer offers chunks without trailers only.
        var parts = plainRequest()
        parts.headers.append(("X-Amz-Content-SHA256", form.rawValue))
        parts.headers.append(("X-Amz-Decoded-Content-Length", "1000"))
        parts.headers.append(("X-Amz-Date", signedMoment.iso8601Basic))
        let names = parts.headers.map { $0.name.lowercased() }.sorted()
        let scope = CredentialScope(accessKeyID: "AKIDEXAMPLE", date: "20261123", region: "us-east-1", service: "ebs")
        let key = SigningKey(secretAccessKey: secret, scope: scope)
        let canonical = CanonicalRequest(
            parts: parts, query: QueryPairs(""), leavingOut: nil, signedHeaders: names, service: "ebs",
            payload: Array(form.rawValue.utf8))
        let time = signedMoment.iso8601Basic
        let seed = key.sign(StringToSign(time: time, scope: scope, canonicalHash: sha256Hex(canonical.bytes)).bytes)
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(scope), SignedHeaders=\(names.joined(separator: ";")), "
            + "Signature=\(String(decoding: seed, as: UTF8.self))"
        parts.headers.append(("Authorization", authorization))
        parts.body = ChunkedBody(form: form, key: key, scope: scope, time: time, seed: seed)
            .encode(Self.body, chunkBytes: 400, trailers: [("x-amz-checksum-crc32c", "wdBDMA==")])
        return parts
    }

    @Test("may end in signed trailers")
    func signedTrailer() throws {
        let parts = withTrailer(.signedWithTrailer)
        let body = try verified(parts)
        #expect(body.bytes == Self.body)
        #expect(body.trailers.map(\.value) == ["wdBDMA=="])
        for position in parts.body.indices.suffix(130) {
            var damaged = parts
            damaged.body[position] ^= 1
            #expect(refusal(of: damaged, serving: serving("ebs")) != nil, "byte \(position)")
        }
    }

    @Test("may be unsigned with trailers, where unsigned bodies are accepted")
    func unsignedTrailer() throws {
        let parts = withTrailer(.unsignedWithTrailer)
        #expect(refusal(of: parts, serving: serving("ebs")) == .unsignedPayloadRefused)
        let body = try SignedRequest.parse(parts).verify(
            secretAccessKey: secret, serving: serving("ebs", unsigned: true), now: signedMoment)
        #expect(body.bytes == Self.body && !body.isSigned)
    }
}
