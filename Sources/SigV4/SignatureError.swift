// Every way a signature is refused, one case per meaning. How each service words it: `SignatureErrorWire.swift`.

package import CloudTypes

/// Why a request's signature, or the key it names, is not accepted.
package enum SignatureError: Error, Equatable, Sendable {
    // The form of the request.
    /// No `Authorization` header and no `X-Amz-Signature` parameter.
    case missingAuthentication
    /// Both a header and query parameters, or one of them twice.
    case ambiguousAuthentication
    /// Not `AWS4-HMAC-SHA256`.
    case unsupportedAlgorithm(String)
    /// Parts that the `Authorization` header, or the query, has to have: `Credential`, `X-Amz-Date`.
    case missingParts([String], inQuery: Bool)
    /// Not `key/date/region/service/aws4_request`.
    case malformedCredential(String)
    case malformedDate(String)
    /// `X-Amz-Expires` is no number from 1 to 604,800 (seven days, in seconds).
    case invalidExpiry(String)
    /// `SignedHeaders` is empty, repeats a name or has capitals.
    case malformedSignedHeaders(String)

    // What the signature is for.
    /// The scope's date is not that of the moment of signing.
    case wrongScopeDate(String, expected: String)
    case wrongRegion(String)
    case wrongService(String, expected: String)
    case wrongTerminator(String)
    /// The date lies before the tolerance of the clock, or a presigned request has outlived its expiry.
    case expired(signedAt: Timestamp, limit: Timestamp, now: Timestamp)
    /// The date lies behind the tolerance of the clock.
    case notYetCurrent(signedAt: Timestamp, limit: Timestamp, now: Timestamp)
    case hostNotSigned
    /// `x-amz-*` headers that the signature does not cover.
    case headersNotSigned([String])
    /// A name in `SignedHeaders` that the request lacks.
    case signedHeaderMissing(String)
    /// `UNSIGNED-PAYLOAD` where the operation wants its body signed.
    case unsignedPayloadRefused

    // The signature itself.
    case signatureDoesNotMatch(canonicalRequest: String, stringToSign: String)
    /// The body is not the one whose hash was signed.
    case payloadHashMismatch
    /// An `aws-chunked` body breaks its format, or its length is not the one announced.
    case malformedChunks(String)
    case chunkSignatureDoesNotMatch(chunk: Int)

    // The key. Raised by whoever knows the keys.
    case unknownAccessKey(String)
    case inactiveAccessKey(String)
    case invalidSessionToken
    case expiredSessionToken
}
