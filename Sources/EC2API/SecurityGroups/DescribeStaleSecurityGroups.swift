import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeStaleSecurityGroups`: groups whose rules name a group of a peer that is gone. A group that a rule names
/// cannot be deleted here, and VPCs have no peers, so there are none.
enum DescribeStaleSecurityGroups: RecordAction {
    typealias Operation = EC2.Operation.DescribeStaleSecurityGroups

    static func perform(
        _ input: EC2.DescribeStaleSecurityGroupsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeStaleSecurityGroupsResult {
        let vpc: VPCRecord = try transaction.owned(Lookup.id(input.vpcID))
        let groups = transaction.state.securityGroups.all(where: IndexKey(.vpc, vpc.id))
        let stale = groups.filter { group in
            group.rules.contains { rule in
                rule.peer.group.map { transaction.state.securityGroups[$0] == nil } ?? false
            }
        }
        let page = try Pagination.page(stale, for: input) { $0.id.description }
        return EC2.DescribeStaleSecurityGroupsResult(
            nextToken: page.nextToken,
            staleSecurityGroupSet: page.items.map {
                EC2.StaleSecurityGroup(
                    description: $0.description, groupID: $0.id.description, groupName: $0.name,
                    vpcID: $0.vpc.description)
            })
    }
}
