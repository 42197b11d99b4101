import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `UpdateSecurityGroupRuleDescriptionsEgress`: gives rules other descriptions, or takes them away.
enum UpdateSecurityGroupRuleDescriptionsEgress: RecordAction {
    typealias Operation = EC2.Operation.UpdateSecurityGroupRuleDescriptionsEgress

    static func perform(
        _ input: EC2.UpdateSecurityGroupRuleDescriptionsEgressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.UpdateSecurityGroupRuleDescriptionsEgressResult {
        let group = try transaction.requestedGroup(id: input.groupID, name: input.groupName)
        try transaction.updateRuleDescriptions(
            input.securityGroupRuleDescriptions, or: input.ipPermissions, isEgress: true, in: group)
        return EC2.UpdateSecurityGroupRuleDescriptionsEgressResult()
    }
}
