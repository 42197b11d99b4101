import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AuthorizeSecurityGroupIngress`: adds what may come into the group's members; all rules or none.
enum AuthorizeSecurityGroupIngress: RecordAction {
    typealias Operation = EC2.Operation.AuthorizeSecurityGroupIngress

    static func perform(
        _ input: EC2.AuthorizeSecurityGroupIngressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.AuthorizeSecurityGroupIngressResult {
        let tags = try TagSpecifications.tags(
            input.tagSpecifications, for: SecurityGroupRuleKind.resourceType, in: transaction)
        let group = try transaction.requestedGroup(id: input.groupID, name: input.groupName)
        let single = SingleRule(
            ipProtocol: input.ipProtocol, fromPort: input.fromPort, toPort: input.toPort, cidrIP: input.cidrIP,
            sourceGroupName: input.sourceSecurityGroupName, sourceGroupOwner: input.sourceSecurityGroupOwnerID)
        let specs = try transaction.ruleSpecs(input.ipPermissions, or: single, of: group)
        let rules = try transaction.authorize(specs, isEgress: false, in: group.id, tags: tags)
        return EC2.AuthorizeSecurityGroupIngressResult(
            securityGroupRules: rules.map { EC2.SecurityGroupRule($0, of: group, in: transaction) })
    }
}
