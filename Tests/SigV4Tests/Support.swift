// The fixtures, and the short words that the suites share.

import CloudTypes
import Foundation
import Testing

@testable import SigV4

/// One request signed by botocore; made by `Tools/SigV4Fixtures/generate.py`.
struct BotocoreCase: Decodable, Sendable, CustomTestStringConvertible {
    let name, method, target, body, service, region, signature: String
    let headers: [[String]]
    let token: String?

    var testDescription: String { name }

    var parts: RequestParts {
        RequestParts(
            method: method, target: target, headers: headers.map { ($0[0], $0[1]) },
            body: Array(Data(base64Encoded: body) ?? Data()))
    }

    var serving: ServedScope {
        ServedScope(regions: [region], service: service, allowsUnsignedPayload: service == "s3" || service == "ebs")
    }
}

struct BotocoreFixture: Decodable, Sendable {
    let now, accessKeyID, secretAccessKey: String
    let cases: [BotocoreCase]

    static let shared: BotocoreFixture = {
        let url = Bundle.module.url(forResource: "botocore", withExtension: "json", subdirectory: "Fixtures")
        guard let url, let data = try? Data(contentsOf: url),
            let fixture = try? JSONDecoder().decode(BotocoreFixture.self, from: data)
        else { return BotocoreFixture(now: "", accessKeyID: "", secretAccessKey: "", cases: []) }
        return fixture
    }()
}

func moment(_ text: String) -> Timestamp { Timestamp(iso8601Basic: text) ?? Timestamp(milliseconds: 0) }

let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
let signedMoment = moment("20261123T081530Z")

func credentials(_ token: String? = nil) -> SigningCredentials {
    SigningCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: token)
}

func signer(_ service: String = "ec2", region: String = "us-east-1", token: String? = nil) -> Signer {
    Signer(credentials: credentials(token), region: region, service: service)
}

func serving(_ service: String = "ec2", region: String = "us-east-1", unsigned: Bool = false) -> ServedScope {
    ServedScope(regions: [region], service: service, allowsUnsignedPayload: unsigned)
}

/// A DescribeInstances call, not yet signed.
func plainRequest() -> RequestParts {
    RequestParts(
        method: "POST", path: "/", query: "",
        headers: [("Host", "localhost:4566"), ("Content-Type", "application/x-www-form-urlencoded")],
        body: Array("Action=DescribeInstances&Version=2016-11-15".utf8))
}

/// What verifying comes to: `nil` if the signature holds.
func refusal(
    of parts: RequestParts, serving scope: ServedScope = serving(), at now: Timestamp = signedMoment,
    secret key: String = secret
) -> SignatureError? {
    do throws(SignatureError) {
        _ = try SignedRequest.parse(parts).verify(secretAccessKey: key, serving: scope, now: now)
        return nil
    } catch {
        return error
    }
}

extension SignatureError {
    /// The case alone, where a test does not care for the details.
    var isMismatch: Bool {
        if case .signatureDoesNotMatch = self { true } else { false }
    }
}

/// The 64 digits at the end of an `Authorization` header or a presigned query.
func signature(in parts: RequestParts) -> String {
    let carrier = parts.header("authorization") ?? parts.query
    return String(carrier.suffix(64))
}

extension RequestParts {
    func replacing(_ name: String, with value: String?) -> RequestParts {
        var copy = self
        copy.headers.removeAll { $0.name.lowercased() == name.lowercased() }
        if let value { copy.headers.append((name, value)) }
        return copy
    }
}
