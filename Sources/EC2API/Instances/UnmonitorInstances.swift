import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `UnmonitorInstances`: basic monitoring from now on.
enum UnmonitorInstances: RecordAction {
    typealias Operation = EC2.Operation.UnmonitorInstances

    static func perform(
        _ input: EC2.UnmonitorInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.UnmonitorInstancesResult {
        let ids = try StateChanges.ids(input.instanceIDs, in: transaction)
        let before = ids.map { transaction.state.instances[$0]?.monitoring == true }
        try transaction.setMonitoring(of: ids, false)
        return EC2.UnmonitorInstancesResult(
            instanceMonitorings: zip(ids, before).map { EC2.InstanceMonitoring($0, $1 ? .disabling : .disabled) })
    }
}
