// One action of a rest-json service with its types erased, and everything that is done once around it.

package import AWSWire
package import CloudTypes
package import ControlPlane
package import NodeContract

package struct RESTAction: Sendable {
    package let name: String
    package let binding: RESTBinding
    /// The HTTP status of success.
    package let successStatus: Int
    /// Whether it waits for nothing but the records, and takes well under a millisecond.
    let isBrief: Bool
    private let run: @Sendable (RESTCall) async throws(EC2Error) -> RESTAnswer

    package init<Meaning: RecordAction>(_ meaning: Meaning.Type) where Meaning.Operation: RESTOperation {
        let operation = Meaning.Operation.self
        (name, binding, successStatus) = (operation.name, operation.binding, operation.successStatus)
        isBrief = true
        let isRead = operation.binding.method == .get || operation.name.hasPrefix("List")
        run = { call throws(EC2Error) in
            isRead ? try RESTAction.read(meaning, call) : try await RESTAction.write(meaning, call)
        }
    }

    package init<Meaning: NodeAction>(_ meaning: Meaning.Type) where Meaning.Operation: RESTOperation {
        let operation = Meaning.Operation.self
        (name, binding, successStatus) = (operation.name, operation.binding, operation.successStatus)
        isBrief = false
        run = { call throws(EC2Error) in
            let input = try RESTAction.input(of: operation, call)
            let output = try await meaning.perform(input, for: call.caller, in: call.cloud, on: call.node)
            var answer = RESTAnswer()
            RESTAction.numbered(output, call.requestID).write(to: &answer)
            return answer
        }
    }

    package func answer(_ call: RESTCall) async throws(EC2Error) -> RESTAnswer { try await run(call) }

    private static func numbered<Output>(_ output: Output, _ requestID: String) -> Output {
        guard var numbered = output as? any RequestIDOutput else { return output }
        numbered.requestID = requestID
        return numbered as? Output ?? output
    }

    private static func input<Operation: RESTOperation>(
        of operation: Operation.Type, _ call: RESTCall
    ) throws(EC2Error) -> Operation.Input {
        do { return try Operation.Input(from: call.request.root) } catch { throw operation.service.refusal(of: error) }
    }

    private static func read<Meaning: RecordAction>(
        _ meaning: Meaning.Type, _ call: RESTCall
    ) throws(EC2Error) -> RESTAnswer where Meaning.Operation: RESTOperation {
        var transaction = call.cloud.snapshot(as: call.caller)
        var answer = RESTAnswer()
        try meaning.perform(try input(of: Meaning.Operation.self, call), &transaction).write(to: &answer)
        return answer
    }

    /// Decided and made durable in one transaction, together with the answer kept for the request's token.
    private static func write<Meaning: RecordAction>(
        _ meaning: Meaning.Type, _ call: RESTCall
    ) async throws(EC2Error) -> RESTAnswer where Meaning.Operation: RESTOperation {
        let operation = Meaning.Operation.self
        let input = try input(of: operation, call)
        let token = (input as? any ClientTokenInput)?.clientToken.map { token in
            RequestToken(
                token, of: operation.name, for: call.caller,
                text: call.request.canonicalDocument(ignoring: ["ClientToken"]),
                mismatch: EC2Error("ConflictException", RequestToken.mismatchSentence, httpStatus: 409))
        }
        return try await call.cloud.transact(as: call.caller) { transaction throws(EC2Error) in
            var answer = RESTAnswer()
            if let kept = try token?.answer(in: transaction) {
                answer.document(kept)
                return answer
            }
            try meaning.perform(input, &transaction).write(to: &answer)
            token?.keep(answer.body, in: &transaction)
            return answer
        }
    }
}

/// One call of a rest-json action.
package struct RESTCall: Sendable {
    package let request: RESTRequest
    package let caller: Caller
    package let cloud: Cloud
    package let node: any Node
    package let requestID: String

    package init(request: RESTRequest, caller: Caller, cloud: Cloud, node: any Node, requestID: String) {
        (self.request, self.caller, self.cloud, self.node) = (request, caller, cloud, node)
        self.requestID = requestID
    }
}
