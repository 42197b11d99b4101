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
        let hibernates = input.hibernate == true
        guard !hibernates || input.force != true && input.skipOSShutdown != true else {
            throw .invalidParameterCombination("Hibernate cannot be combined with Force or SkipOsShutdown.")
        }
        let shutdown: InstanceRecord.Shutdown =
            input.skipOSShutdown == true ? .powerCut : input.force == true ? .forced : .graceful
        let changes = try StateChanges.around(ids, &transaction) { transaction throws(EC2Error) in
            try transaction.stop(ids, shutdown, hibernating: hibernates)
        }
        return EC2.StopInstancesResult(stoppingInstances: changes)
    }
}
