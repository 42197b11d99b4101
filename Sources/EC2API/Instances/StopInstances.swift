import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `StopInstances`: answers once the wish is durable, before the guests are down.
enum StopInstances: RecordAction {
    typealias Operation = EC2.Operation.StopInstances

    static func perform(
        _ input: EC2.StopInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.StopInstancesResult {
        let ids = try StateChanges.ids(input.instanceIDs, in: transaction)
        if input.hibernate == true {
            throw EC2Error(
                "UnsupportedHibernationConfiguration",
                "The instance '\(ids[0])' was not launched with hibernation enabled and cannot be hibernated.")
        }
        let shutdown: InstanceRecord.Shutdown =
            input.skipOSShutdown == true ? .powerCut : input.force == true ? .forced : .graceful
        let changes = try StateChanges.around(ids, &transaction) { transaction throws(EC2Error) in
            try transaction.stop(ids, shutdown)
        }
        return EC2.StopInstancesResult(stoppingInstances: changes)
    }
}
