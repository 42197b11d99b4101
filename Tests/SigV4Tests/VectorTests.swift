import CloudTypes
import Crypto
import Testing

@testable import SigV4

// The published vectors: AWS's Signature Version 4 test suite, the examples of the IAM User Guide, and those of the
// Amazon S3 API Reference, "Examples: Signature calculations".

/// One entry of the test suite: a request, and its signature.
struct Vector: Sendable, CustomTestStringConvertible {
    let name: String
    let method: String
    let target: String
    let headers: [[String]]
    var body = ""
    let signature: String

    var testDescription: String { name }

    static let suite: [Vector] = [
        Vector(
            name: "get-vanilla", method: "GET", target: "/", headers: [],
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-vanilla-query-order-key-case", method: "GET", target: "/?Param2=value2&Param1=value1",
            headers: [], signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Vector(
            name: "get-vanilla-empty-query-key", method: "GET", target: "/?Param1=value1", headers: [],
            signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        Vector(
            name: "get-utf8", method: "GET", target: "/ሴ", headers: [],
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Vector(
            name: "get-header-key-duplicate", method: "GET", target: "/",
            headers: [["My-Header1", "value2"], ["My-Header1", "value2"], ["My-Header1", "value1"]],
            signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
        Vector(
            name: "get-header-value-trim", method: "GET", target: "/",
            headers: [["My-Header1", " value1"], ["My-Header2", " \"a   b   c\""]],
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        Vector(
            name: "post-vanilla", method: "POST", target: "/", headers: [],
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Vector(
            name: "post-x-www-form-urlencoded", method: "POST", target: "/",
            headers: [["Content-Type", "application/x-www-form-urlencoded"]], body: "Param1=value1",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ]
}

@Suite("AWS's own vectors")
struct VectorTests {
    static let now = moment("20150830T123600Z")

    @Test("of the test suite are reproduced and accepted", arguments: Vector.suite)
    func suite(vector: Vector) throws {
        let parts = RequestParts(
            method: vector.method, target: vector.target,
            headers: [("Host", "example.amazonaws.com")] + vector.headers.map { ($0[0], $0[1]) },
            body: Array(vector.body.utf8))
        let suiteCredentials = SigningCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        let signed = Signer(credentials: suiteCredentials, region: "us-east-1", service: "service")
            .sign(parts, at: Self.now)
        #expect(signature(in: signed) == vector.signature)
        #expect(refusal(of: signed, serving: serving("service"), at: Self.now) == nil)
    }

    @Test("of the signing key are reproduced")
    func signingKey() {
        let scope = CredentialScope(accessKeyID: "A", date: "20150830", region: "us-east-1", service: "iam")
        let key = SigningKey(secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope: scope)
        let bytes = key.key.withUnsafeBytes { hex($0) }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9")
    }

    static let s3Credentials = SigningCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    static let s3Now = moment("20130524T000000Z")
    static let s3 = Signer(credentials: s3Credentials, region: "us-east-1", service: "s3")

    @Test("of S3's GetObject are reproduced")
    func getObject() {
        let parts = RequestParts(
            method: "GET", path: "/test.txt",
            headers: [("Host", "examplebucket.s3.amazonaws.com"), ("Range", "bytes=0-9")])
        let signed = Self.s3.sign(parts, at: Self.s3Now, payload: .announcedBody)
        #expect(
            signature(in: signed)
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test("of S3's presigned address are reproduced")
    func presigned() {
        let parts = RequestParts(
            method: "GET", path: "/test.txt", headers: [("Host", "examplebucket.s3.amazonaws.com")])
        let signed = Self.s3.presign(parts, at: Self.s3Now, expirySeconds: 86_400)
        #expect(signature(in: signed) == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    @Test("of S3's chunked upload are reproduced, chunk by chunk")
    func chunked() {
        let scope = CredentialScope(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", date: "20130524", region: "us-east-1", service: "s3")
        let chunks = ChunkedBody(
            form: .signed, key: SigningKey(secretAccessKey: Self.s3Credentials.secretAccessKey, scope: scope),
            scope: scope, time: "20130524T000000Z",
            seed: Array("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9".utf8))
        let body = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)
        let text = String(decoding: chunks.encode(body, chunkBytes: 65_536), as: UTF8.self)
        let expected = [
            "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ]
        for line in expected { #expect(text.contains(line)) }
    }
}
