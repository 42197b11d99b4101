// How AWS words a refused signature. The same cause has another code and status in EC2, in the query services (IAM,
// STS, Auto Scaling …) and in the JSON services, and clients branch on them.

import CloudTypes

/// The family a service's error answers belong to.
package enum SignatureErrorStyle: Sendable, CaseIterable {
    /// EC2's own: one 401 `AuthFailure` for every credential it cannot validate.
    case ec2
    /// AWS query and REST-XML services: IAM, STS, Auto Scaling, load balancing, CloudFront.
    case query
    /// JSON 1.0/1.1 and RPC v2 services: always status 400.
    case json
    /// REST-JSON services: EBS direct, Data Lifecycle Manager, Recycle Bin.
    case restJSON
}

/// A refused signature as one service puts it on the wire.
package struct SignatureRefusal: Equatable, Sendable {
    package let code: String
    package let message: String
    package let httpStatus: Int
}

extension SignatureError {
    /// The error answer of a service family.
    ///
    /// Facts and their sources:
    /// - EC2 answers 401 `AuthFailure`, "AWS was not able to validate the provided access credentials", to an unknown
    ///   key as well as to a wrong signature: EC2 API Reference, "Common client error codes".
    /// - EC2 answers 400 `MissingParameter`, "The request must contain the parameter AWSAccessKeyId", to a request
    ///   without any signature: answers of ec2.amazonaws.com to unsigned requests, as quoted publicly.
    /// - EC2 answers 400 `RequestExpired`, "Request has expired.", to old signatures and expired tokens: the same
    ///   reference, and error texts that the AWS CLI prints.
    /// - Query services: 403 `InvalidClientTokenId`, 403 `SignatureDoesNotMatch` (which is also the code of clock
    ///   errors: "Signature expired: … is now earlier than …"), 403 `MissingAuthenticationToken`, 400
    ///   `IncompleteSignature`: IAM API Reference, "Common errors", and IAM User Guide, "Troubleshoot signed requests".
    /// - JSON services: `UnrecognizedClientException`, `InvalidSignatureException`, `IncompleteSignatureException`,
    ///   `MissingAuthenticationTokenException`, `ExpiredTokenException`; 400 over JSON 1.x, 403 over REST-JSON.
    package func refusal(for style: SignatureErrorStyle) -> SignatureRefusal {
        switch style {
        case .ec2: ec2Refusal
        case .query: SignatureRefusal(code: queryCode, message: message, httpStatus: queryStatus)
        case .json: SignatureRefusal(code: jsonCode, message: message, httpStatus: 400)
        case .restJSON: SignatureRefusal(code: jsonCode, message: message, httpStatus: 403)
        }
    }

    private var ec2Refusal: SignatureRefusal {
        switch kind {
        case .missing:
            SignatureRefusal(
                code: "MissingParameter", message: "The request must contain the parameter AWSAccessKeyId",
                httpStatus: 400)
        case .incomplete: SignatureRefusal(code: "IncompleteSignature", message: message, httpStatus: 400)
        case .clock, .expiredToken:
            SignatureRefusal(code: "RequestExpired", message: "Request has expired.", httpStatus: 400)
        case .mismatch, .unknownKey:
            SignatureRefusal(
                code: "AuthFailure", message: "AWS was not able to validate the provided access credentials",
                httpStatus: 401)
        }
    }

    /// The few answers AWS has for the many causes.
    private enum Kind { case missing, incomplete, clock, mismatch, unknownKey, expiredToken }

    private var kind: Kind {
        switch self {
        case .missingAuthentication: .missing
        case .ambiguousAuthentication, .unsupportedAlgorithm, .missingParts, .malformedCredential, .malformedDate,
            .invalidExpiry, .malformedSignedHeaders, .malformedChunks:
            .incomplete
        case .expired, .notYetCurrent: .clock
        case .wrongScopeDate, .wrongRegion, .wrongService, .wrongTerminator, .hostNotSigned, .headersNotSigned,
            .signedHeaderMissing, .unsignedPayloadRefused, .signatureDoesNotMatch, .payloadHashMismatch,
            .chunkSignatureDoesNotMatch:
            .mismatch
        case .unknownAccessKey, .inactiveAccessKey, .invalidSessionToken: .unknownKey
        case .expiredSessionToken: .expiredToken
        }
    }

    private var queryCode: String {
        switch kind {
        case .missing: "MissingAuthenticationToken"
        case .incomplete: "IncompleteSignature"
        case .clock, .mismatch: "SignatureDoesNotMatch"
        case .unknownKey: "InvalidClientTokenId"
        case .expiredToken: "ExpiredToken"
        }
    }

    private var queryStatus: Int { kind == .incomplete ? 400 : 403 }

    private var jsonCode: String {
        switch kind {
        case .missing: "MissingAuthenticationTokenException"
        case .incomplete: "IncompleteSignatureException"
        case .clock, .mismatch: "InvalidSignatureException"
        case .unknownKey: "UnrecognizedClientException"
        case .expiredToken: "ExpiredTokenException"
        }
    }
}

extension SignatureError {
    /// The sentence that all services but EC2 send. It says nothing the caller did not send or could not compute.
    package var message: String {
        switch self {
        case .missingAuthentication: "Request is missing Authentication Token"
        case .ambiguousAuthentication:
            "Only one signature is allowed: either in the Authorization header or in the query string."
        case .unsupportedAlgorithm(let name): "Unsupported AWS 'algorithm': '\(name)'."
        case .missingParts(let names, let inQuery):
            names.map { name in
                inQuery
                    ? "AWS query-string parameters must include '\(name)'."
                    : "Authorization header requires '\(name)' parameter."
            }.joined(separator: " ")
        case .malformedCredential(let text):
            "Credential must have exactly 5 slash-delimited elements, "
                + "e.g. keyid/date/region/service/term, got '\(text)'"
        case .malformedDate(let text):
            "Date must be in ISO-8601 'basic format', e.g. 20150830T123600Z. Got '\(text)'."
        case .invalidExpiry(let text): "X-Amz-Expires must be a number of seconds from 1 to 604800. Got '\(text)'."
        case .malformedSignedHeaders(let text): "SignedHeaders is not a list of distinct lowercase names: '\(text)'."
        case .malformedChunks(let reason): "The aws-chunked body is malformed: \(reason)."
        case .wrongScopeDate, .wrongRegion, .wrongService, .wrongTerminator, .hostNotSigned, .headersNotSigned,
            .signedHeaderMissing, .unsignedPayloadRefused:
            scopeMessage ?? SignatureError.mismatch
        case .expired(let signedAt, let limit, let now):
            "Signature expired: \(signedAt.iso8601Basic) is now earlier than \(limit.iso8601Basic) "
                + "(\(now.iso8601Basic) - \(minutes(limit, now)) min.)"
        case .notYetCurrent(let signedAt, let limit, let now):
            "Signature not yet current: \(signedAt.iso8601Basic) is still later than \(limit.iso8601Basic) "
                + "(\(now.iso8601Basic) + \(minutes(now, limit)) min.)"
        case .signatureDoesNotMatch(let canonical, let toSign):
            SignatureError.mismatch
                + "\n\nThe Canonical String for this request should have been\n'\(canonical)'"
                + "\n\nThe String-to-Sign should have been\n'\(toSign)'\n"
        case .payloadHashMismatch:
            SignatureError.mismatch + " The body is not the one whose SHA-256 was signed."
        case .chunkSignatureDoesNotMatch(let chunk): SignatureError.mismatch + " It is that of chunk \(chunk)."
        case .unknownAccessKey, .inactiveAccessKey, .invalidSessionToken:
            "The security token included in the request is invalid."
        case .expiredSessionToken: "The security token included in the request is expired"
        }
    }

    /// The sentences about what a signature covers; `nil` for all other causes.
    private var scopeMessage: String? {
        switch self {
        case .wrongScopeDate(let date, let expected):
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                + "'\(date)' != '\(expected)'."
        case .wrongRegion(let region): "Credential should be scoped to a valid region, not '\(region)'."
        case .wrongService(_, let expected): "Credential should be scoped to correct service: '\(expected)'."
        case .wrongTerminator(let text):
            "Credential should be scoped with a valid terminator: 'aws4_request', not '\(text)'."
        case .hostNotSigned: "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        case .headersNotSigned(let names):
            "There were headers present in the request which were not signed: \(names.joined(separator: ", "))"
        case .signedHeaderMissing(let name): "The signed header '\(name)' is not part of the request."
        case .unsignedPayloadRefused: "This operation requires its payload to be signed."
        case .missingAuthentication, .ambiguousAuthentication, .unsupportedAlgorithm, .missingParts,
            .malformedCredential, .malformedDate, .invalidExpiry, .malformedSignedHeaders, .malformedChunks, .expired,
            .notYetCurrent, .signatureDoesNotMatch, .payloadHashMismatch, .chunkSignatureDoesNotMatch,
            .unknownAccessKey, .inactiveAccessKey, .invalidSessionToken, .expiredSessionToken:
            nil
        }
    }

    private static let mismatch =
        "The request signature we calculated does not match the signature you provided. "
        + "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

    private func minutes(_ earlier: Timestamp, _ later: Timestamp) -> Int {
        Int(later.seconds(since: earlier) / 60)
    }
}
