import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `TerminateInstances`: a protected instance saves those named with it in its zone; the others go, and the call is
/// refused all the same. For that it is no plain action over records: a refusal would undo what was decided.
enum TerminateInstances: LiveAction {
    typealias Operation = EC2.Operation.TerminateInstances

    static func perform(
        _ input: EC2.TerminateInstancesRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> EC2.TerminateInstancesResult {
        let outcome = try await cloud.transact(as: caller) { transaction throws(EC2Error) in
            try decide(input, &transaction)
        }
        if let refusal = outcome.refusal { throw refusal }
        return EC2.TerminateInstancesResult(terminatingInstances: outcome.changes)
    }

    static func rehearse(
        _ input: EC2.TerminateInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) {
        if let refusal = try decide(input, &transaction).refusal { throw refusal }
    }

    struct Outcome: Sendable {
        var changes: [EC2.InstanceStateChange]
        /// Names the protected instance.
        var refusal: EC2Error?
    }

    static func decide(
        _ input: EC2.TerminateInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Outcome {
        let ids = try StateChanges.ids(input.instanceIDs, in: transaction)
        let shutdown: InstanceRecord.Shutdown =
            input.skipOSShutdown == true ? .powerCut : input.force == true ? .forced : .graceful
        var refusal: EC2Error?
        let changes = try StateChanges.around(ids, &transaction) { transaction throws(EC2Error) in
            refusal = transaction.terminate(ids, shutdown)
        }
        return Outcome(changes: changes, refusal: refusal)
    }
}
