import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `UpdateSecurityGroupRuleDescriptionsIngress`: gives rules other descriptions, or takes them away.
enum UpdateSecurityGroupRuleDescriptionsIngress: RecordAction {
    typealias Operation = EC2.Operation.UpdateSecurityGroupRuleDescriptionsIngress

    static func perform(
        _ input: EC2.UpdateSecurityGroupRuleDescriptionsIngressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.UpdateSecurityGroupRuleDescriptionsIngressResult {
        let group = try transaction.requestedGroup(id: input.groupID, name: input.groupName)
        try transaction.updateRuleDescriptions(
            input.securityGroupRuleDescriptions, or: input.ipPermissions, isEgress: false, in: group)
        return EC2.UpdateSecurityGroupRuleDescriptionsIngressResult()
    }
}
