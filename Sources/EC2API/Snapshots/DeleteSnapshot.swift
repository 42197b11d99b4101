import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteSnapshot`: in whatever order; what others of the same volume share with it stays.
enum DeleteSnapshot: RecordAction {
    typealias Operation = EC2.Operation.DeleteSnapshot

    static func perform(
        _ input: EC2.DeleteSnapshotRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.deleteSnapshot(Lookup.id(input.snapshotID))
        return Operation.Output()
    }
}
