import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeletePlacementGroup`: of a group whose instances are all terminated.
enum DeletePlacementGroup: RecordAction {
    typealias Operation = EC2.Operation.DeletePlacementGroup

    static func perform(
        _ input: EC2.DeletePlacementGroupRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> NoResult {
        try transaction.deletePlacementGroup(named: input.groupName)
        return NoResult()
    }
}
