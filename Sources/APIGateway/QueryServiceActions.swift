// A service of the query protocols: its actions by name.

package import AWSWire
package import CloudTypes
package import SigV4

package struct QueryServiceActions: Sendable {
    package let service: QueryService
    private let actions: [String: Action]

    package init(_ service: QueryService, _ actions: [Action]) {
        self.service = service
        self.actions = Dictionary(actions.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    package var names: [String] { actions.keys.sorted() }

    /// - Throws: `MissingAction`, `InvalidAction` for what AWS does not know either, `UnsupportedOperation` for what
    ///   AWS knows and this cloud does not answer.
    package func action(of request: QueryRequest) throws(EC2Error) -> Action {
        guard let name = request.action, !name.isEmpty else {
            throw EC2Error("MissingAction", "The request is missing an action or a required parameter.")
        }
        if let version = request.version, Timestamp(iso8601: version) == nil {
            throw EC2Error(
                "NoSuchVersion", "The requested version (\(version)) of service \(service.signingName) does not exist")
        }
        if let action = actions[name] { return action }
        guard service.knows(operation: name) else {
            throw EC2Error("InvalidAction", "The action \(name) is not valid for this web service.")
        }
        throw .unsupported("The action \(name) is not supported by this cloud.")
    }
}

extension QueryServiceActions: ServedService {
    package var signingName: String { service.signingName }

    package var signatureErrors: SignatureErrorStyle {
        switch service.dialect {
        case .ec2: .ec2
        case .awsQuery: .query
        }
    }

    package func allowsUnsignedBody(_ request: RequestParts) -> Bool { false }

    package func isNamed(in request: RequestParts) -> Bool {
        (try? QueryRequest(query: Array(request.query.utf8), body: request.body))?.version == service.version
    }

    package func answer(_ call: ServiceCall) async throws(EC2Error) -> WireAnswer {
        let request: QueryRequest
        do {
            request = try QueryRequest(query: Array(call.request.query.utf8), body: call.body)
        } catch {
            throw error.refusal(in: service.dialect)
        }
        let action = try action(of: request)
        if service.dialect == .ec2 { try call.admit(RequestCost.all(of: action.name, request)) }
        let queryCall = ActionCall(
            request: request, caller: call.caller, cloud: call.cloud, node: call.node, requestID: call.requestID)
        if action.isBrief(request) { return QueryServiceActions.wire(200, try await action.answer(queryCall)) }
        // Connections share threads: what takes long is done elsewhere.
        let content = try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(EC2Error) in
            try await action.answer(queryCall)
        }
        return QueryServiceActions.wire(200, content)
    }

    package func refusal(_ error: EC2Error, requestID: String) -> WireAnswer {
        let body = QueryResponse.failure(error, of: service, requestID: requestID)
        return QueryServiceActions.wire(error.httpStatus, ByteRope(body))
    }

    private static func wire(_ status: Int, _ content: ByteRope) -> WireAnswer {
        WireAnswer(status: status, headers: [("Content-Type", QueryResponse.contentType)], content: content)
    }
}
