import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `StartInstances`: stopped instances run again, as new launches.
enum StartInstances: RecordAction {
    typealias Operation = EC2.Operation.StartInstances

    static func perform(
        _ input: EC2.StartInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.StartInstancesResult {
        try UnservedMembers.refuse(
            ["AdditionalInfo": input.additionalInfo?.isEmpty == false], because: "AWS reserves it for its own use.")
        let ids = try StateChanges.ids(input.instanceIDs, in: transaction)
        let changes = try StateChanges.around(ids, &transaction) { transaction throws(EC2Error) in
            try transaction.start(ids)
        }
        return EC2.StartInstancesResult(startingInstances: changes)
    }
}
