// One action of a service with its types erased, and everything that is done once around it.

package import AWSWire
package import CloudTypes
package import ControlPlane
package import NodeContract

/// An action by name, ready to be called with a request.
package struct Action: Sendable {
    package let name: String
    private let run: @Sendable (ActionCall) async throws(EC2Error) -> ByteRope
    private let cost: Cost

    private enum Cost { case ofRead, ofWrite, unknown }

    package init<Meaning: RecordAction>(_ meaning: Meaning.Type) where Meaning.Operation: QueryOperation {
        let operation = Meaning.Operation.self
        name = operation.name
        let isRead = Action.isRead(operation.name)
        cost = isRead ? .ofRead : .ofWrite
        run = { call throws(EC2Error) in
            isRead ? try Action.read(meaning, call) : try await Action.write(meaning, call)
        }
    }

    package init<Meaning: AwaitedAction>(_ meaning: Meaning.Type) where Meaning.Operation: QueryOperation {
        let operation = Meaning.Operation.self
        name = operation.name
        cost = .unknown
        run = { call throws(EC2Error) in
            let input = try Action.input(of: operation, call)
            let token = try Action.token(of: operation, input, call)
            let changes = call.cloud.changes()
            let answer = try await Action.write(meaning, call)
            try await meaning.settle(input, for: call.caller, in: call.cloud, watching: changes) { transaction in
                token?.forget(in: &transaction)
            }
            return answer
        }
    }

    package init<Meaning: LiveAction>(_ meaning: Meaning.Type) {
        let operation = Meaning.Operation.self
        name = operation.name
        cost = .unknown
        run = { call throws(EC2Error) in
            let input = try Action.input(of: operation, call)
            if (input as? any DryRunInput)?.dryRun == true {
                var attempt = call.cloud.snapshot(as: call.caller)
                try meaning.rehearse(input, &attempt)
                throw .dryRun
            }
            let output = try await meaning.perform(input, for: call.caller, in: call.cloud, on: call.node)
            return QueryResponse.success(operation, output, requestID: call.requestID)
        }
    }

    package func answer(_ call: ActionCall) async throws(EC2Error) -> ByteRope { try await run(call) }

    /// Whether the call takes well under a millisecond: what names its resources or asks for a page does, as does every
    /// change but that of many.
    func isBrief(_ request: QueryRequest) -> Bool {
        switch cost {
        case .ofRead: request.hasParameter { $0 == "MaxResults" || $0.hasSuffix("Id") || $0 == "GroupName" }
        case .ofWrite: !request.hasParameter { $0 == "MaxCount" } || request.value(of: "MaxCount") == "1"
        case .unknown: false
        }
    }

    private static func isRead(_ name: String) -> Bool {
        ["Describe", "Get", "List"].contains { name.hasPrefix($0) }
    }

    private static func input<Operation: QueryOperation>(
        of operation: Operation.Type, _ call: ActionCall
    ) throws(EC2Error) -> Operation.Input {
        do {
            return try Operation.Input(from: call.request.parameters)
        } catch {
            throw error.refusal(in: operation.service.dialect)
        }
    }

    /// Answered from the records as they are, without waiting for any writer.
    private static func read<Meaning: RecordAction>(
        _ meaning: Meaning.Type, _ call: ActionCall
    ) throws(EC2Error) -> ByteRope where Meaning.Operation: QueryOperation {
        let operation = Meaning.Operation.self
        let input = try input(of: operation, call)
        var transaction = call.cloud.snapshot(as: call.caller)
        let output = try meaning.perform(input, &transaction)
        if (input as? any DryRunInput)?.dryRun == true { throw .dryRun }
        return QueryResponse.success(operation, output, requestID: call.requestID)
    }

    /// Decided and made durable in one transaction, together with the answer kept for the request's token.
    private static func write<Meaning: RecordAction>(
        _ meaning: Meaning.Type, _ call: ActionCall
    ) async throws(EC2Error) -> ByteRope where Meaning.Operation: QueryOperation {
        let operation = Meaning.Operation.self
        let input = try input(of: operation, call)
        let token = try token(of: operation, input, call)
        let body: [UInt8] = try await call.cloud.transact(as: call.caller) { transaction throws(EC2Error) in
            if let kept = try token?.answer(in: transaction) { return kept }
            let output = try meaning.perform(input, &transaction)
            if (input as? any DryRunInput)?.dryRun == true { throw .dryRun }
            var xml = XMLWriter()
            output.write(to: &xml)
            let body = xml.finish()
            token?.keep(body, in: &transaction)
            return body
        }
        return QueryResponse.success(operation, body: body, requestID: call.requestID)
    }

    /// nil where the request carries no token.
    private static func token<Operation: QueryOperation>(
        of operation: Operation.Type, _ input: Operation.Input, _ call: ActionCall
    ) throws(EC2Error) -> RequestToken? {
        guard let token = (input as? any ClientTokenInput)?.clientToken, !token.isEmpty else { return nil }
        let limit = operation.clientTokenLimit
        guard token.utf8.count <= limit, token.utf8.allSatisfy({ $0 > 31 && $0 < 127 }) else {
            throw .invalidParameterValue(
                name: "clientToken", value: token,
                reason: "It must be at most \(limit) printable ASCII characters long.")
        }
        return RequestToken(
            token, of: operation.name, for: call.caller,
            text: call.request.canonicalParameters(ignoring: ["ClientToken", "DryRun"]),
            mismatch: EC2Error("IdempotentParameterMismatch", RequestToken.mismatchSentence))
    }
}

/// One call of an action.
package struct ActionCall: Sendable {
    package let request: QueryRequest
    package let caller: Caller
    package let cloud: Cloud
    package let node: any Node
    package let requestID: String

    package init(request: QueryRequest, caller: Caller, cloud: Cloud, node: any Node, requestID: String) {
        (self.request, self.caller, self.cloud, self.node) = (request, caller, cloud, node)
        self.requestID = requestID
    }
}
