import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AuthorizeSecurityGroupEgress`: adds what may come out of the group's members; all rules or none.
enum AuthorizeSecurityGroupEgress: RecordAction {
    typealias Operation = EC2.Operation.AuthorizeSecurityGroupEgress

    static func perform(
        _ input: EC2.AuthorizeSecurityGroupEgressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.AuthorizeSecurityGroupEgressResult {
        let tags = try TagSpecifications.tags(
            input.tagSpecifications, for: SecurityGroupRuleKind.resourceType, in: transaction)
        let group = try transaction.securityGroup(Lookup.id(input.groupID))
        let single = SingleRule(
            ipProtocol: input.ipProtocol, fromPort: input.fromPort, toPort: input.toPort, cidrIP: input.cidrIP,
            sourceGroupName: input.sourceSecurityGroupName, sourceGroupOwner: input.sourceSecurityGroupOwnerID)
        let specs = try transaction.ruleSpecs(input.ipPermissions, or: single, of: group)
        let rules = try transaction.authorize(specs, isEgress: true, in: group.id, tags: tags)
        return EC2.AuthorizeSecurityGroupEgressResult(
            securityGroupRules: rules.map { EC2.SecurityGroupRule($0, of: group, in: transaction) })
    }
}
