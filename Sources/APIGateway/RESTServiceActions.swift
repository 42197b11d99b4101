// A service of rest-json: its actions by method and path.

package import AWSWire
package import CloudTypes
package import SigV4

package struct RESTServiceActions: Sendable {
    package let service: RESTService
    package let actions: [RESTAction]
    private let routes: RESTRoutes

    package init(_ service: RESTService, _ actions: [RESTAction]) {
        (self.service, self.actions) = (service, actions)
        routes = RESTRoutes(actions.map(\.binding))
    }

    package var names: [String] { actions.map(\.name).sorted() }

    private func find(_ request: RequestParts) -> (action: RESTAction, labels: [String: String])? {
        routes.find(method: request.method, path: request.path).map { (actions[$0.place], $0.labels) }
    }
}

extension RESTServiceActions: ServedService {
    package var signingName: String { service.signingName }
    package var signatureErrors: SignatureErrorStyle { .restJSON }

    package func allowsUnsignedBody(_ request: RequestParts) -> Bool {
        find(request)?.action.binding.allowsUnsignedBody ?? false
    }

    package func isNamed(in request: RequestParts) -> Bool { find(request) != nil }

    package func answer(_ call: ServiceCall) async throws(EC2Error) -> WireAnswer {
        guard let (action, labels) = find(call.request) else { throw RESTService.unknownOperation }
        try call.admit(RequestCost.all(of: action.name, in: service, snapshot: labels["snapshotId"]))
        guard call.body.count <= action.binding.maxBodyBytes else {
            throw EC2Error("RequestEntityTooLargeException", "The body of the request is too long.", httpStatus: 413)
        }
        let request: RESTRequest
        do {
            request = try RESTRequest(
                action.binding, labels: labels, query: call.request.query, headers: call.request.headers,
                body: call.body)
        } catch {
            throw service.refusal(of: error)
        }
        let rest = RESTCall(
            request: request, caller: call.caller, cloud: call.cloud, node: call.node, requestID: call.requestID)
        if action.isBrief { return wire(try await action.answer(rest), action.successStatus) }
        // Connections share threads: what takes long is done elsewhere.
        let answer = try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(EC2Error) in
            try await action.answer(rest)
        }
        return wire(answer, action.successStatus)
    }

    package func refusal(_ error: EC2Error, requestID: String) -> WireAnswer {
        wire(RESTAnswer(refusing: error), error.httpStatus)
    }

    private func wire(_ answer: RESTAnswer, _ status: Int) -> WireAnswer {
        // No content has no form either.
        guard status != 204 else { return WireAnswer(status: status, headers: [], content: ByteRope()) }
        return WireAnswer(status: status, headers: answer.headers, content: ByteRope(answer.body))
    }
}
