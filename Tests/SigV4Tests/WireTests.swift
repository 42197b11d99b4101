import CloudTypes
import Testing

@testable import SigV4

@Suite("A refusal on the wire")
struct WireTests {
    static let mismatch = SignatureError.signatureDoesNotMatch(canonicalRequest: "c", stringToSign: "s")

    @Test(
        "of EC2 is the same for an unknown key and a wrong signature",
        arguments: [
            SignatureError.unknownAccessKey("AKIA"), mismatch, .inactiveAccessKey("AKIA"), .wrongRegion("x"),
        ])
    func ec2(error: SignatureError) {
        #expect(
            error.refusal(for: .ec2)
                == SignatureRefusal(
                    code: "AuthFailure", message: "AWS was not able to validate the provided access credentials",
                    httpStatus: 401))
    }

    @Test("of EC2 calls old signatures and tokens expired")
    func ec2Expired() {
        let expired = SignatureError.expired(signedAt: signedMoment, limit: signedMoment, now: signedMoment)
        for error in [expired, .expiredSessionToken] {
            #expect(
                error.refusal(for: .ec2)
                    == SignatureRefusal(code: "RequestExpired", message: "Request has expired.", httpStatus: 400))
        }
    }

    @Test("of EC2 asks for a key if there is no signature")
    func ec2Missing() {
        #expect(
            SignatureError.missingAuthentication.refusal(for: .ec2)
                == SignatureRefusal(
                    code: "MissingParameter", message: "The request must contain the parameter AWSAccessKeyId",
                    httpStatus: 400))
    }

    @Test("of the query services has a code for each")
    func query() {
        let codes = [
            SignatureError.missingAuthentication, .malformedDate("x"), Self.mismatch, .unknownAccessKey("A"),
            .expiredSessionToken,
        ].map { $0.refusal(for: .query) }
        #expect(
            codes.map(\.code) == [
                "MissingAuthenticationToken", "IncompleteSignature", "SignatureDoesNotMatch", "InvalidClientTokenId",
                "ExpiredToken",
            ])
        #expect(codes.map(\.httpStatus) == [403, 400, 403, 403, 403])
    }

    @Test("of the JSON services has the codes of exceptions, and the status of its protocol")
    func json() {
        let error = SignatureError.unknownAccessKey("AKIA")
        #expect(
            error.refusal(for: .json)
                == SignatureRefusal(
                    code: "UnrecognizedClientException",
                    message: "The security token included in the request is invalid.", httpStatus: 400))
        #expect(error.refusal(for: .restJSON).httpStatus == 403)
        #expect(Self.mismatch.refusal(for: .json).code == "InvalidSignatureException")
    }

    @Test("tells the sentences that AWS's guide lists for a wrong scope")
    func scope() {
        #expect(
            SignatureError.wrongRegion("mars").message
                == "Credential should be scoped to a valid region, not 'mars'.")
        #expect(
            SignatureError.wrongService("s3", expected: "ec2").message
                == "Credential should be scoped to correct service: 'ec2'.")
    }
}

@Suite("Signing keys")
struct SigningKeyTests {
    private func scope(_ index: Int) -> CredentialScope {
        CredentialScope(accessKeyID: "AKIA\(index)", date: "20261123", region: "us-east-1", service: "ec2")
    }

    @Test("are remembered up to a bound")
    func bounded() {
        let keys = SigningKeyCache(capacity: 8)
        for index in 0..<1000 { _ = keys.key(secretAccessKey: "s", scope: scope(index)) }
        #expect(keys.count <= 16)
    }

    @Test("follow a change of the secret")
    func changed() {
        let keys = SigningKeyCache()
        let text: [UInt8] = [1, 2, 3]
        let first = keys.key(secretAccessKey: "one", scope: scope(0)).sign(text)
        let second = keys.key(secretAccessKey: "two", scope: scope(0)).sign(text)
        #expect(first != second)
        #expect(keys.key(secretAccessKey: "one", scope: scope(0)).sign(text) == first)
        #expect(SigningKey(secretAccessKey: "two", scope: scope(0)).sign(text) == second)
    }

    @Test("give the same verdict remembered or not")
    func cached() throws {
        let keys = SigningKeyCache()
        let request = try SignedRequest.parse(signer().sign(plainRequest(), at: signedMoment))
        for _ in 0..<2 {
            _ = try request.verify(secretAccessKey: secret, serving: serving(), now: signedMoment, keys: keys)
            #expect(throws: SignatureError.self) {
                try request.verify(secretAccessKey: "other", serving: serving(), now: signedMoment, keys: keys)
            }
        }
    }
}

@Suite("Our own signer")
struct SignerTests {
    @Test("signs what our verifier accepts", arguments: ["", "b=2&a=1", "x=%20y&x=%20a"], [nil, "token/+="])
    func roundTrip(query: String, token: String?) throws {
        var parts = plainRequest()
        (parts.query, parts.path) = (query, "/a b/ü")
        let signed = signer(token: token).sign(parts, at: signedMoment)
        #expect(refusal(of: signed) == nil)
        #expect(try SignedRequest.parse(signed).sessionToken == token)
        let presigned = signer(token: token).presign(parts, at: signedMoment, expirySeconds: 60)
        #expect(refusal(of: presigned) == nil)
        #expect(try SignedRequest.parse(presigned).sessionToken == token)
    }

    @Test("signs an address for an unsigned body if told so")
    func unsignedPresigned() {
        let presigned = signer().presign(plainRequest(), at: signedMoment, expirySeconds: 60, payload: .unsigned)
        #expect(refusal(of: presigned, serving: serving(unsigned: true)) == nil)
    }

    @Test("signs as botocore does", arguments: BotocoreTests.cases.filter { $0.name.hasPrefix("header/") })
    func likeBotocore(each: BotocoreCase) {
        var parts = each.parts.replacing("Authorization", with: nil).replacing("X-Amz-Date", with: nil)
            .replacing("X-Amz-Security-Token", with: nil)
        // botocore signs a `Date` header in place of `X-Amz-Date`, which this signer never does.
        guard !parts.has("date") else { return }
        parts.headers.removeAll { $0.name == "User-Agent" }
        let signed = signer(each.service, region: each.region, token: each.token).sign(parts, at: signedMoment)
        #expect(signature(in: signed) == each.signature)
    }
}
