import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteSecurityGroup`: refused while an interface or another group's rule needs the group.
enum DeleteSecurityGroup: RecordAction {
    typealias Operation = EC2.Operation.DeleteSecurityGroup

    static func perform(
        _ input: EC2.DeleteSecurityGroupRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DeleteSecurityGroupResult {
        let group = try transaction.requestedGroup(id: input.groupID, name: input.groupName)
        try transaction.deleteSecurityGroup(group)
        return EC2.DeleteSecurityGroupResult(groupID: group.id.description)
    }
}
