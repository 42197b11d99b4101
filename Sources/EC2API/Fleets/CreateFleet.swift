import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateFleet` of the type `instant`: launched at once, with what could not be launched told in the answer.
enum CreateFleet: RecordAction {
    typealias Operation = EC2.Operation.CreateFleet

    static func perform(
        _ input: EC2.CreateFleetRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateFleetResult {
        let order = try FleetOrder(input, in: transaction)
        let pools = try FleetPools(input, order, in: transaction)
        var kept = input
        (kept.dryRun, kept.clientToken, kept.tagSpecifications) = (nil, nil, [])
        var fleet = FleetRecord(
            id: transaction.newID(), account: transaction.account, createdAt: transaction.now,
            request: kept.parameters)
        (fleet.clientToken, fleet.tags) = (input.clientToken, order.tags)
        var launch = FleetLaunch(order, fleet.id)
        launch.run(pools, in: &transaction)
        (fleet.launches, fleet.failures) = (launch.launches, launch.failures)
        transaction.put(fleet)
        var answer = EC2.CreateFleetResult(fleetID: fleet.id.description)
        for failure in fleet.failures { answer.errors.append(try EC2.CreateFleetError(failure)) }
        for launch in fleet.launches {
            answer.instances.append(try EC2.CreateFleetInstance(launch, in: transaction.state))
        }
        return answer
    }
}
