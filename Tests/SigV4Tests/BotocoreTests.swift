import CloudTypes
import Testing

@testable import SigV4

@Suite("Requests signed by botocore")
struct BotocoreTests {
    static let fixture = BotocoreFixture.shared
    static let cases = fixture.cases

    @Test("are all there")
    func present() { #expect(Self.cases.count > 90) }

    @Test("are accepted", arguments: cases)
    func accepted(each: BotocoreCase) throws {
        let signed = try SignedRequest.parse(each.parts)
        #expect(signed.scope.accessKeyID == Self.fixture.accessKeyID)
        #expect(signed.scope.region == each.region && signed.scope.service == each.service)
        #expect(signed.sessionToken == each.token)
        let body = try signed.verify(
            secretAccessKey: Self.fixture.secretAccessKey, serving: each.serving, now: moment(Self.fixture.now))
        #expect(body.bytes == each.parts.body)
    }

    @Test("are refused with another secret", arguments: cases)
    func otherSecret(each: BotocoreCase) {
        let answer = refusal(
            of: each.parts, serving: each.serving, at: moment(Self.fixture.now), secret: "not the secret")
        #expect(answer?.isMismatch == true)
    }

    @Test("are refused once any signed part is changed", arguments: cases)
    func flipped(each: BotocoreCase) {
        for (what, changed) in variants(of: each) {
            let answer = refusal(of: changed, serving: each.serving, at: moment(Self.fixture.now))
            #expect(answer != nil, "\(each.name): \(what)")
        }
    }

    /// The request with one thing changed, for each thing a signature covers.
    private func variants(of each: BotocoreCase) -> [(String, RequestParts)] {
        var all: [(String, RequestParts)] = []
        func add(_ what: String, _ change: (inout RequestParts) -> Void) {
            var parts = each.parts
            change(&parts)
            all.append((what, parts))
        }
        add("method") { $0.method = "PATCH" }
        add("path") { $0.path += "x" }
        add("query") { $0.query += $0.query.isEmpty ? "added=1" : "&added=1" }
        add("signature") { parts in
            for index in parts.headers.indices where parts.headers[index].name == "Authorization" {
                parts.headers[index].value = flippedLast(parts.headers[index].value)
            }
            if parts.query.contains("X-Amz-Signature") { parts.query = flippedLast(parts.query) }
        }
        let isUnsigned = each.name.hasPrefix("unsigned") || each.name.hasPrefix("s3/presigned")
        if !isUnsigned { add("body") { $0.body.append(1) } }
        let signedNames = (try? SignedRequest.parse(each.parts))?.signedHeaders ?? []
        for name in signedNames {
            add(name) { parts in
                for index in parts.headers.indices where parts.headers[index].name.lowercased() == name {
                    parts.headers[index].value += "x"
                }
            }
            add("without \(name)") { $0 = $0.replacing(name, with: nil) }
        }
        add("an unsigned x-amz- header") { $0.headers.append(("X-Amz-Forged", "1")) }
        return all
    }

    private func flippedLast(_ text: String) -> String {
        String(text.dropLast()) + (text.hasSuffix("0") ? "1" : "0")
    }
}
