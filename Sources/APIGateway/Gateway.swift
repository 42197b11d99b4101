// The one door: an HTTP request becomes a verified call of a service, and the outcome an HTTP answer.
// Nothing behind this door knows of connections, nothing before it of the cloud.

internal import AWSWire
internal import CloudTypes
package import ControlPlane
package import HTTPListener
internal import Logging
package import NodeContract
internal import SigV4

package struct Gateway: Sendable {
    private let cloud: Cloud
    private let node: any Node
    private let services: [String: any ServedService]
    private let keys = SigningKeyCache()
    private let throttle: Throttle?

    /// - Parameter throttle: nil lets every account ask as often as it likes.
    package init(cloud: Cloud, node: any Node, services: [any ServedService], throttle: Throttle? = nil) {
        (self.cloud, self.node, self.throttle) = (cloud, node, throttle)
        self.services = Dictionary(services.map { ($0.signingName, $0) }, uniquingKeysWith: { $1 })
    }

    package func answer(_ http: HTTPRequest) async -> HTTPResponse {
        let requestID = RequestID.fresh()
        if let page = healthPage(http) { return page }
        let parts = RequestParts(
            method: http.method, path: String(http.path), query: String(http.query), headers: http.headers,
            body: http.body)
        let signature = Gateway.signature(of: parts)
        let service = addressed(signature, parts)
        do {
            let (caller, body) = try verified(signature, parts, service)
            try await cloud.prepareAccount(of: caller)
            let call = ServiceCall(
                request: parts, body: body, caller: caller, cloud: cloud, node: node, throttle: throttle,
                requestID: requestID)
            return Gateway.response(try await service.answer(call), requestID)
        } catch {
            if let logged = error.logged {
                cloud.log.error("a request failed", metadata: ["request": "\(requestID)", "error": "\(logged)"])
            }
            return Gateway.response(service.refusal(error, requestID: requestID), requestID)
        }
    }

    private typealias Signature = Result<SignedRequest, SignatureError>

    private static func signature(of parts: RequestParts) -> Signature {
        do throws(SignatureError) { return .success(try SignedRequest.parse(parts)) } catch { return .failure(error) }
    }

    /// The service that the signature names, or the text of a request without one; EC2 where that is none of ours.
    private func addressed(_ signature: Signature, _ parts: RequestParts) -> any ServedService {
        switch signature {
        case .success(let signed): if let service = services[signed.scope.service] { return service }
        case .failure: if let service = services.values.first(where: { $0.isNamed(in: parts) }) { return service }
        }
        return services["ec2"] ?? QueryServiceActions(EC2.service, [])
    }

    private func verified(
        _ signature: Signature, _ parts: RequestParts, _ service: any ServedService
    ) throws(EC2Error) -> (Caller, body: [UInt8]) {
        do throws(SignatureError) {
            let signed = try signature.get()
            guard let key = cloud.records.accessKeys[signed.scope.accessKeyID] else {
                throw .unknownAccessKey(signed.scope.accessKeyID)
            }
            let served = ServedScope(
                regions: [cloud.settings.region, "us-east-1"], service: service.signingName,
                allowsUnsignedPayload: service.allowsUnsignedBody(parts))
            let body = try signed.verify(
                secretAccessKey: key.secret, serving: served, now: cloud.now, keys: keys)
            return (Caller(account: key.account, accessKeyID: key.id), body.bytes)
        } catch {
            let refusal = error.refusal(for: service.signatureErrors)
            throw EC2Error(refusal.code, refusal.message, httpStatus: refusal.httpStatus)
        }
    }

    /// For load balancers and scripts: alive without a signature, and nothing more.
    private func healthPage(_ http: HTTPRequest) -> HTTPResponse? {
        guard http.method == "GET", http.path == "/_apus/health" else { return nil }
        return HTTPResponse(status: 200, text: "ok\n")
    }

    private static func response(_ answer: WireAnswer, _ requestID: String) -> HTTPResponse {
        HTTPResponse(
            status: answer.status,
            headers: answer.headers + [("x-amzn-RequestId", requestID), ("Server", "Apus")],
            content: answer.content)
    }
}

/// Request ids in the form of a version 4 UUID.
private enum RequestID {
    static func fresh() -> String {
        var generator = SystemRandomNumberGenerator()
        let halves = (generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000, generator.next() & ~0 >> 2 | 1 << 63)
        return String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    text[place] = UInt8(ascii: "-")
                    place += 1
                }
                let nibble = UInt8((digit < 16 ? halves.0 : halves.1) >> UInt64((15 - digit % 16) * 4) & 15)
                text[place] = nibble < 10 ? nibble + 48 : nibble + 87
                place += 1
            }
            return place
        }
    }
}
