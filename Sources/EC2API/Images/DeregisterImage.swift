import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeregisterImage`: nobody can launch it any more; its instances stay, and so do its snapshots unless asked.
enum DeregisterImage: RecordAction {
    typealias Operation = EC2.Operation.DeregisterImage

    static func perform(
        _ input: EC2.DeregisterImageRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DeregisterImageResult {
        let outcomes = try transaction.deregisterImage(
            Lookup.id(input.imageID), deletesSnapshots: input.deleteAssociatedSnapshots == true)
        return EC2.DeregisterImageResult(
            deleteSnapshotResults: outcomes.map {
                EC2.DeleteSnapshotReturnCode(
                    snapshotID: $0.snapshot.description,
                    returnCode: EC2.SnapshotReturnCodes(rawValue: $0.outcome.rawValue))
            })
    }
}
