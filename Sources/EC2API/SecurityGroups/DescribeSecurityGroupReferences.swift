import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeSecurityGroupReferences`: the groups of other VPCs, joined by peering, whose rules name these groups.
/// No VPC is joined to another here, so there are none.
enum DescribeSecurityGroupReferences: RecordAction {
    typealias Operation = EC2.Operation.DescribeSecurityGroupReferences

    static func perform(
        _ input: EC2.DescribeSecurityGroupReferencesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeSecurityGroupReferencesResult {
        var references: [EC2.SecurityGroupReference] = []
        for id in try Lookup.ids(input.groupID, SecurityGroupKind.self) {
            let group = try transaction.securityGroup(id)
            let referring = transaction.state.securityGroups.all(where: IndexKey(.group, id))
            for other in referring where other.vpc != group.vpc {
                references.append(
                    EC2.SecurityGroupReference(
                        groupID: id.description, referencingVPCID: other.vpc.description))
            }
        }
        return EC2.DescribeSecurityGroupReferencesResult(securityGroupReferenceSet: references)
    }
}
