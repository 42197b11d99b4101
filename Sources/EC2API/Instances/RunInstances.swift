import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `RunInstances`: answers once the wish is durable, before any guest boots.
enum RunInstances: RecordAction {
    typealias Operation = EC2.Operation.RunInstances

    static func perform(
        _ input: EC2.RunInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.Reservation {
        let order = try LaunchOrder(whole: input, in: transaction)
        let launch = try transaction.launch(order)
        return EC2.Reservation(
            reservationID: launch.reservation.description, ownerID: transaction.account.description,
            instances: launch.instances.map { EC2.Instance($0, in: transaction.state, transaction.settings) })
    }
}
