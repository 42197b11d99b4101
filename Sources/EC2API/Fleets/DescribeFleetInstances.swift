import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeFleetInstances`: those of the fleet that run, or are about to.
enum DescribeFleetInstances: RecordAction {
    typealias Operation = EC2.Operation.DescribeFleetInstances

    private static let filters = FilterTable<InstanceRecord>(["instance-type": { one, _ in [one.instanceType] }])

    static func perform(
        _ input: EC2.DescribeFleetInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeFleetInstancesResult {
        try Pagination.check(input, atLeast: 1)
        let fleet: FleetRecord = try transaction.owned(try Lookup.id(input.fleetID))
        let active = fleet.instances.compactMap { transaction.state.instances[$0] }
            .filter { [.pending, .running].contains($0.state) }.sorted { $0.id < $1.id }
        let selected = try filters.select(active, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) { $0.id.description }
        return EC2.DescribeFleetInstancesResult(
            activeInstances: page.items.map { instance in
                EC2.ActiveInstance(
                    instanceID: instance.id.description, instanceType: instance.instanceType,
                    spotInstanceRequestID: instance.spot?.request.description, instanceHealth: .healthy)
            },
            nextToken: page.nextToken, fleetID: fleet.id.description)
    }
}
