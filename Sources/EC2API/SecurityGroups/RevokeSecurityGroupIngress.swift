import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `RevokeSecurityGroupIngress`: takes rules away, named by what they say or by their ids.
enum RevokeSecurityGroupIngress: RecordAction {
    typealias Operation = EC2.Operation.RevokeSecurityGroupIngress

    static func perform(
        _ input: EC2.RevokeSecurityGroupIngressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.RevokeSecurityGroupIngressResult {
        let group = try transaction.requestedGroup(id: input.groupID, name: input.groupName)
        let single = SingleRule(
            ipProtocol: input.ipProtocol, fromPort: input.fromPort, toPort: input.toPort, cidrIP: input.cidrIP,
            sourceGroupName: input.sourceSecurityGroupName, sourceGroupOwner: input.sourceSecurityGroupOwnerID)
        let outcome = try transaction.revokeRules(
            input.securityGroupRuleIDs, or: input.ipPermissions, or: single, isEgress: false, in: group)
        return EC2.RevokeSecurityGroupIngressResult(
            unknownIPPermissions: outcome.unknown,
            revokedSecurityGroupRules: outcome.revoked.map { EC2.RevokedSecurityGroupRule($0, of: group) })
    }
}
