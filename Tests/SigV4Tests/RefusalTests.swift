import CloudTypes
import Testing

@testable import SigV4

@Suite("A signature is refused")
struct RefusalTests {
    let signed = signer().sign(plainRequest(), at: signedMoment)

    @Test("if there is none")
    func missing() { #expect(refusal(of: plainRequest()) == .missingAuthentication) }

    @Test("if there are two")
    func ambiguous() {
        var both = signer().presign(plainRequest(), at: signedMoment, expirySeconds: 60)
        both.headers.append(("Authorization", "AWS4-HMAC-SHA256 x"))
        #expect(refusal(of: both) == .ambiguousAuthentication)
        var twice = signed
        twice.headers.append(signed.headers[signed.headers.count - 1])
        #expect(refusal(of: twice) == .ambiguousAuthentication)
    }

    @Test("if the algorithm is another", arguments: ["Basic", "AWS4-ECDSA-P256-SHA256", "Bearer", "AWS"])
    func algorithm(name: String) {
        let parts = plainRequest().replacing("Authorization", with: "\(name) abc")
        #expect(refusal(of: parts) == .unsupportedAlgorithm(name))
    }

    @Test("if parts of the header are missing, and tells which")
    func incomplete() {
        let parts = plainRequest().replacing("Authorization", with: "AWS4-HMAC-SHA256 Credential=a/b/c/d/e")
        #expect(refusal(of: parts) == .missingParts(["Signature", "SignedHeaders", "X-Amz-Date"], inQuery: false))
    }

    @Test("if parts of the query are missing, and tells which")
    func incompleteQuery() {
        var parts = plainRequest()
        parts.query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0"
        #expect(
            refusal(of: parts)
                == .missingParts(["X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Date"], inQuery: true))
    }

    @Test("if the credential has not five parts", arguments: ["a/b/c/d", "a/b/c/d/e/f", "a//c/d/e", ""])
    func credential(text: String) {
        let parts = signed.replacing(
            "Authorization", with: "AWS4-HMAC-SHA256 Credential=\(text), SignedHeaders=host, Signature=0")
        #expect(refusal(of: parts) == .malformedCredential(text))
    }

    @Test("if the signed names are no list", arguments: ["", "host;host", "Host", "host;", "ho st"])
    func names(text: String) {
        var parts = plainRequest()
        let names = PercentEncoding.encoded(text)
        parts.query =
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/b/c/d/e&X-Amz-Date=20261123T081530Z"
            + "&X-Amz-SignedHeaders=\(names)&X-Amz-Signature=0"
        #expect(refusal(of: parts) == .malformedSignedHeaders(text))
    }

    @Test("if the date is none", arguments: ["", "2026-11-23T08:15:30Z", "20261323T081530Z", "yesterday"])
    func date(text: String) {
        #expect(refusal(of: signed.replacing("X-Amz-Date", with: text)) == .malformedDate(text))
    }

    @Test("if it is for another region, service or day")
    func scope() {
        #expect(refusal(of: signed, serving: serving(region: "eu-west-1")) == .wrongRegion("us-east-1"))
        #expect(refusal(of: signed, serving: serving("sts")) == .wrongService("ec2", expected: "sts"))
        let other = signed.replacing("X-Amz-Date", with: "20261124T000000Z")
        #expect(refusal(of: other) == .wrongScopeDate("20261123", expected: "20261124"))
        let authorization = signed.headers[signed.headers.count - 1].value
        let terminated = signed.replacing(
            "Authorization", with: authorization.replacingOccurrence(of: "aws4_request", with: "aws5_request"))
        #expect(refusal(of: terminated) == .wrongTerminator("aws5_request"))
    }

    @Test("if host is not covered")
    func host() {
        let parts = plainRequest().replacing("Host", with: nil)
        #expect(refusal(of: signer().sign(parts, at: signedMoment)) == .hostNotSigned)
    }

    @Test("if an x-amz- header came in later")
    func coverage() {
        var parts = signed
        parts.headers.append(("X-Amz-Target", "Other.Action"))
        #expect(refusal(of: parts) == .headersNotSigned(["x-amz-target"]))
    }

    @Test("if the body is unsigned where it has to be signed")
    func unsigned() {
        let parts = signer().sign(plainRequest(), at: signedMoment, payload: .unsigned)
        #expect(refusal(of: parts) == .unsignedPayloadRefused)
        #expect(refusal(of: parts, serving: serving(unsigned: true)) == nil)
    }

    @Test("if the announced hash is not the body's")
    func bodyHash() {
        var parts = signer().sign(plainRequest(), at: signedMoment, payload: .announcedBody)
        #expect(refusal(of: parts) == nil)
        parts.body[0] ^= 1
        #expect(refusal(of: parts) == .payloadHashMismatch)
    }

    @Test("with the texts that should have been signed")
    func explanation() throws {
        guard case .signatureDoesNotMatch(let canonical, let toSign) = refusal(of: signed, secret: "other") else {
            Issue.record("accepted")
            return
        }
        #expect(canonical.hasPrefix("POST\n/\n\ncontent-type:application/x-www-form-urlencoded\nhost:localhost:4566\n"))
        #expect(toSign.hasPrefix("AWS4-HMAC-SHA256\n20261123T081530Z\n20261123/us-east-1/ec2/aws4_request\n"))
    }

    @Test("whatever single byte of the header is damaged")
    func damaged() {
        let value = Array(signed.headers[signed.headers.count - 1].value.utf8)
        // The key's id is not covered: it chooses the secret, and so the signature, by itself.
        let prefix = "AWS4-HMAC-SHA256 Credential=".utf8.count
        for position in value.indices where !(prefix..<prefix + "AKIDEXAMPLE".utf8.count).contains(position) {
            var bytes = value
            bytes[position] ^= 1
            let parts = signed.replacing("Authorization", with: String(decoding: bytes, as: UTF8.self))
            #expect(refusal(of: parts) != nil, "byte \(position)")
        }
    }
}

@Suite("Whatever a client sends")
struct MutationTests {
    /// A small generator with a seed, so that a failure can be seen again.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    @Test("is judged without a trap", arguments: [1, 2, 3, 4] as [UInt64])
    func mutated(seed: UInt64) {
        var random = Seeded(state: seed &* 0x9E37_79B9_7F4A_7C15)
        let signer = signer("ebs")
        let whole = [
            signer.sign(plainRequest(), at: signedMoment, payload: .chunked(chunkBytes: 7)),
            signer.presign(plainRequest(), at: signedMoment, expirySeconds: 60),
            signer.sign(plainRequest(), at: signedMoment, payload: .announcedBody),
        ]
        for round in 0..<2000 {
            var parts = whole[round % whole.count]
            for _ in 0...Int.random(in: 0..<3, using: &random) { damage(&parts, &random) }
            _ = refusal(of: parts, serving: serving("ebs", unsigned: true))
        }
    }

    private func damage(_ parts: inout RequestParts, _ random: inout Seeded) {
        func damaged(_ text: String) -> String {
            String(decoding: damaged(Array(text.utf8)), as: UTF8.self)
        }
        func damaged(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            guard !bytes.isEmpty else { return [UInt8.random(in: 0...255, using: &random)] }
            let position = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: position)
            case 2: bytes.insert(bytes[position], at: position)
            default: bytes.removeLast(bytes.count - position)
            }
            return bytes
        }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: parts.path = damaged(parts.path)
        case 1: parts.query = damaged(parts.query)
        case 2: parts.body = damaged(parts.body)
        default:
            let index = Int.random(in: parts.headers.indices, using: &random)
            parts.headers[index].value = damaged(parts.headers[index].value)
        }
    }
}

extension String {
    fileprivate func replacingOccurrence(of part: String, with other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
