import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `RebootInstances`: asked for and answered; the guests restart when they can, or are reset.
enum RebootInstances: RecordAction {
    typealias Operation = EC2.Operation.RebootInstances

    static func perform(
        _ input: EC2.RebootInstancesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.reboot(StateChanges.ids(input.instanceIDs, in: transaction))
        return Operation.Output()
    }
}
