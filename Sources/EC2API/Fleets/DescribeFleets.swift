import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeFleets`: an instant fleet shows only where it is named.
enum DescribeFleets: RecordAction {
    typealias Operation = EC2.Operation.DescribeFleets

    private static let filters = FilterTable<FleetRecord>(
        [
            "activity-status": { fleet, _ in [fleet.activityStatus.rawValue] },
            "excess-capacity-termination-policy": { fleet, _ in
                [fleet.request["ExcessCapacityTerminationPolicy"] ?? "termination"]
            },
            "fleet-state": { fleet, state in [fleet.shownState(in: state).rawValue] },
            "replace-unhealthy-instances": { _, _ in ["false"] },
            "type": { _, _ in ["instant"] },
        ],
        tags: { $0.tags })

    static func perform(
        _ input: EC2.DescribeFleetsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeFleetsResult {
        try Pagination.check(input, atLeast: 1)
        let named: [FleetRecord] = input.fleetIDs.isEmpty ? [] : try Lookup.owned(input.fleetIDs, in: transaction)
        let fleets = try filters.select(named, by: input.filters, in: transaction.state)
        let page = try Pagination.page(fleets, for: input) { $0.id.description }
        var answer = EC2.DescribeFleetsResult(nextToken: page.nextToken)
        for fleet in page.items { answer.fleets.append(try EC2.FleetData(fleet, in: transaction.state)) }
        return answer
    }
}
