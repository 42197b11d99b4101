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
        let service = addressed(parts)
        do {
            let body = try await answer(parts, service, requestID)
            return Gateway.response(200, body, requestID)
        } catch {
            if let logged = error.logged {
                cloud.log.error("a request failed", metadata: ["request": "\(requestID)", "error": "\(logged)"])
            }
            let body = QueryResponse.failure(error, of: service.service, requestID: requestID)
            return Gateway.response(error.httpStatus, body, requestID)
        }
    }

    private func answer(
        _ parts: RequestParts, _ actions: QueryServiceActions, _ requestID: String
    ) async throws(EC2Error) -> [UInt8] {
        let (caller, body) = try verified(parts, actions.service)
        let request: QueryRequest
        do {
            request = try QueryRequest(query: Array(parts.query.utf8), body: body)
        } catch {
            throw error.refusal(in: actions.service.dialect)
        }
        let action = try actions.action(of: request)
        try await cloud.prepareAccount(of: caller)
        return try await action.answer(
            ActionCall(request: request, caller: caller, cloud: cloud, node: node, requestID: requestID))
    }

    /// The service that the signature names; EC2 where it names none that is served.
    private func addressed(_ parts: RequestParts) -> QueryServiceActions {
        if let signed = try? SignedRequest.parse(parts), let service = services[signed.scope.service] { return service }
        return services["ec2"] ?? QueryServiceActions(EC2.service, [])
    }

    private func verified(
        _ parts: RequestParts, _ service: QueryService
    ) throws(EC2Error) -> (Caller, body: [UInt8]) {
        do throws(SignatureError) {
            let signed = try SignedRequest.parse(parts)
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

    private static func response(_ status: Int, _ body: [UInt8], _ requestID: String) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [("Content-Type", QueryResponse.contentType), ("x-amzn-RequestId", requestID), ("Server", "Apus")],
            body: body)
    }
}

/// Request ids in the form of a version 4 UUID.
private enum RequestID {
    static func fresh() -> String {
        var generator = SystemRandomNumberGenerator()
        let (high, low): (UInt64, UInt64) = (generator.next(), generator.next())
        let digits = Array(hex(high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000) + hex(low & 0x3FFF_FFFF_FFFF_FFFF | 1 << 63))
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(decoding: digits[$0], as: UTF8.self) }.joined(separator: "-")
    }

    private static func hex(_ number: UInt64) -> [UInt8] {
        (0..<16).map { place in
            let digit = UInt8(number >> UInt64((15 - place) * 4) & 15)
            return digit < 10 ? digit + 48 : digit + 87
        }
    }
}
