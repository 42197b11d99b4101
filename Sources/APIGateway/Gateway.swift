// The one door: an HTTP request becomes a verified call of an action, and the outcome an HTTP answer.
// Nothing behind this door knows of HTTP, nothing before it of the cloud.

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
    private let services: [String: QueryServiceActions]
    private let keys = SigningKeyCache()

    package init(cloud: Cloud, node: any Node, services: [QueryServiceActions]) {
        (self.cloud, self.node) = (cloud, node)
        self.services = Dictionary(services.map { ($0.service.signingName, $0) }, uniquingKeysWith: { $1 })
    }

    package func answer(_ http: HTTPRequest) async -> HTTPResponse {
        let requestID = RequestID.fresh()
        if let page = healthPage(http) { return page }
        let parts = RequestParts(
            method: http.method, path: String(http.path), query: String(http.query), headers: http.headers,
            body: http.body)
        let signature = Gateway.signature(of: parts)
        let service = addressed(signature)
        do {
            let body = try await answer(parts, signature, service, requestID)
            return Gateway.response(200, body, requestID)
        } catch {
            if let logged = error.logged {
                cloud.log.error("a request failed", metadata: ["request": "\(requestID)", "error": "\(logged)"])
            }
            let body = QueryResponse.failure(error, of: service.service, requestID: requestID)
            return Gateway.response(error.httpStatus, ByteRope(body), requestID)
        }
    }

    private typealias Signature = Result<SignedRequest, SignatureError>

    private static func signature(of parts: RequestParts) -> Signature {
        do throws(SignatureError) { return .success(try SignedRequest.parse(parts)) } catch { return .failure(error) }
    }

    private func answer(
        _ parts: RequestParts, _ signature: Signature, _ actions: QueryServiceActions, _ requestID: String
    ) async throws(EC2Error) -> ByteRope {
        let (caller, body) = try verified(signature, actions.service)
        let request: QueryRequest
        do {
            request = try QueryRequest(query: Array(parts.query.utf8), body: body)
        } catch {
            throw error.refusal(in: actions.service.dialect)
        }
        let action = try actions.action(of: request)
        try await cloud.prepareAccount(of: caller)
        let call = ActionCall(request: request, caller: caller, cloud: cloud, node: node, requestID: requestID)
        if action.isBrief(request) { return try await action.answer(call) }
        // Connections share threads: what takes long is done elsewhere.
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(EC2Error) in
            try await action.answer(call)
        }
    }

    /// The service that the signature names; EC2 where it names none that is served.
    private func addressed(_ signature: Signature) -> QueryServiceActions {
        if case .success(let signed) = signature, let service = services[signed.scope.service] { return service }
        return services["ec2"] ?? QueryServiceActions(EC2.service, [])
    }

    private func verified(
        _ signature: Signature, _ service: QueryService
    ) throws(EC2Error) -> (Caller, body: [UInt8]) {
        do throws(SignatureError) {
            let signed = try signature.get()
            guard let key = cloud.records.accessKeys[signed.scope.accessKeyID] else {
                throw .unknownAccessKey(signed.scope.accessKeyID)
            }
            let served = ServedScope(regions: [cloud.settings.region, "us-east-1"], service: service.signingName)
            let body = try signed.verify(
                secretAccessKey: key.secret, serving: served, now: cloud.now, keys: keys)
            return (Caller(account: key.account, accessKeyID: key.id), body.bytes)
        } catch {
            let refusal = error.refusal(for: service.dialect == .ec2 ? .ec2 : .query)
            throw EC2Error(refusal.code, refusal.message, httpStatus: refusal.httpStatus)
        }
    }

    /// For load balancers and scripts: alive without a signature, and nothing more.
    private func healthPage(_ http: HTTPRequest) -> HTTPResponse? {
        guard http.method == "GET", http.path == "/_apus/health" else { return nil }
        return HTTPResponse(status: 200, text: "ok\n")
    }

    private static func response(_ status: Int, _ content: ByteRope, _ requestID: String) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [
                ("Content-Type", QueryResponse.contentType), ("x-amzn-RequestId", requestID), ("Server", "Apus"),
            ],
            content: content)
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
