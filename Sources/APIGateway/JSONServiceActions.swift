// A service of JSON 1.1: its actions by the header that names them.

package import AWSWire
package import CloudTypes
package import SigV4

package struct JSONServiceActions: Sendable {
    package let service: RESTService
    private let actions: [String: RESTAction]

    package init(_ service: RESTService, _ actions: [RESTAction]) {
        self.service = service
        self.actions = Dictionary(actions.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    package var names: [String] { actions.keys.sorted() }
}

extension JSONServiceActions: ServedService {
    package var signingName: String { service.signingName }
    package var signatureErrors: SignatureErrorStyle { .json }

    package func allowsUnsignedBody(_ request: RequestParts) -> Bool { false }

    package func isNamed(in request: RequestParts) -> Bool { service.target(in: request.headers) != nil }

    package func answer(_ call: ServiceCall) async throws(EC2Error) -> WireAnswer {
        guard let name = service.target(in: call.request.headers), let action = actions[String(name)] else {
            throw EC2Error("UnknownOperationException", "The requested operation is not known.")
        }
        try call.admit(RequestCost.all(of: action.name, in: service, snapshot: nil))
        guard call.body.count <= action.binding.maxBodyBytes else {
            throw EC2Error("RequestEntityTooLargeException", "The body of the request is too long.", httpStatus: 413)
        }
        let request: RESTRequest
        do {
            request = try RESTRequest(action.binding, labels: [:], query: "", headers: [], body: call.body)
        } catch {
            throw service.refusal(of: error)
        }
        let rest = RESTCall(
            request: request, caller: call.caller, cloud: call.cloud, node: call.node, requestID: call.requestID)
        // Connections share threads: what takes long is done elsewhere.
        let answer = try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(EC2Error) in
            try await action.answer(rest)
        }
        return JSONServiceActions.wire(action.successStatus, answer.body)
    }

    package func refusal(_ error: EC2Error, requestID: String) -> WireAnswer {
        JSONServiceActions.wire(error.httpStatus, service.refusalDocument(error))
    }

    private static func wire(_ status: Int, _ body: [UInt8]) -> WireAnswer {
        WireAnswer(
            status: status, headers: [("Content-Type", RESTService.contentTypeOfJSON)], content: ByteRope(body))
    }
}
