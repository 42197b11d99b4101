import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `RevokeSecurityGroupEgress`: takes rules away, named by what they say or by their ids.
enum RevokeSecurityGroupEgress: RecordAction {
    typealias Operation = EC2.Operation.RevokeSecurityGroupEgress

    static func perform(
        _ input: EC2.RevokeSecurityGroupEgressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.RevokeSecurityGroupEgressResult {
        let group = try transaction.securityGroup(Lookup.id(input.groupID))
        let single = SingleRule(
            ipProtocol: input.ipProtocol, fromPort: input.fromPort, toPort: input.toPort, cidrIP: input.cidrIP,
            sourceGroupName: input.sourceSecurityGroupName, sourceGroupOwner: input.sourceSecurityGroupOwnerID)
        let outcome = try transaction.revokeRules(
            input.securityGroupRuleIDs, or: input.ipPermissions, or: single, isEgress: true, in: group)
        return EC2.RevokeSecurityGroupEgressResult(
            unknownIPPermissions: outcome.unknown,
            revokedSecurityGroupRules: outcome.revoked.map { EC2.RevokedSecurityGroupRule($0, of: group) })
    }
}
