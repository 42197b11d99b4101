// Every action of the EBS direct APIs.

package import APIGateway
internal import AWSWire

package enum EBSActions {
    /// The service as the gateway serves it.
    package static let service = RESTServiceActions(
        EBS.service,
        [
            RESTAction(StartSnapshot.self), RESTAction(PutSnapshotBlock.self), RESTAction(CompleteSnapshot.self),
            RESTAction(GetSnapshotBlock.self), RESTAction(ListSnapshotBlocks.self),
            RESTAction(ListChangedBlocks.self),
        ])
}
