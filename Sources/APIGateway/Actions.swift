// What an action is: its meaning alone. Signature, validation against the model, DryRun, ClientToken, the default VPC,
// XML and errors are done around it, once for all.

package import AWSWire
package import CloudTypes
package import ControlPlane
package import NodeContract

/// An action that the records alone can answer: it reads and writes them and never waits.
package protocol RecordAction: Sendable {
    associatedtype Operation: WireOperation
    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output
}

/// One whose answer waits until what was decided is so in the world as well.
package protocol AwaitedAction: RecordAction {
    /// Returns once it is so. Where it does not come to be in time, takes it back, together with `undo`, and refuses.
    static func settle(
        _ input: Operation.Input, for caller: Caller, in cloud: Cloud, watching changes: AsyncStream<CloudChange>,
        undo: @Sendable (inout Transaction) -> Void
    ) async throws(EC2Error)
}

/// An action that must ask the node or compute for long: few.
package protocol NodeAction: Sendable {
    associatedtype Operation: WireOperation
    static func perform(
        _ input: Operation.Input, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> Operation.Output
}

/// One of those that may be tried by a dry run.
package protocol LiveAction: NodeAction where Operation: QueryOperation {
    /// What a dry run tries on records that are then thrown away: refuses what `perform` would refuse before it waits.
    static func rehearse(_ input: Operation.Input, _ transaction: inout Transaction) throws(EC2Error)
}
