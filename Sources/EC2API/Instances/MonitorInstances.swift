import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `MonitorInstances`: detailed monitoring from now on.
enum MonitorInstances: RecordAction {
    typealias Operation = EC2.Operation.MonitorInstances

    static func perform(
        _ input: EC2.MonitorInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.MonitorInstancesResult {
        let ids = try StateChanges.ids(input.instanceIDs, in: transaction)
        let before = ids.map { transaction.state.instances[$0]?.monitoring == true }
        try transaction.setMonitoring(of: ids, true)
        return EC2.MonitorInstancesResult(
            instanceMonitorings: zip(ids, before).map { EC2.InstanceMonitoring($0, $1 ? .enabled : .pending) })
    }
}

extension EC2.InstanceMonitoring {
    init(_ id: InstanceID, _ state: EC2.MonitoringState) {
        self.init(instanceID: id.description, monitoring: EC2.Monitoring(state: state))
    }
}
