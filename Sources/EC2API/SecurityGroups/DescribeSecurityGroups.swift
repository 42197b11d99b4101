import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeSecurityGroups`: by ids, by names in the default VPC, or all.
enum DescribeSecurityGroups: RecordAction {
    typealias Operation = EC2.Operation.DescribeSecurityGroups

    static func perform(
        _ input: EC2.DescribeSecurityGroupsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeSecurityGroupsResult {
        let groups = try SecurityGroupFilters.groups.select(
            named(input, transaction), by: input.filters, in: transaction.state)
        let page = try Pagination.page(groups, for: input) { $0.id.description }
        return EC2.DescribeSecurityGroupsResult(
            nextToken: page.nextToken,
            securityGroups: page.items.map { EC2.SecurityGroup($0, in: transaction) })
    }

    private static func named(
        _ input: EC2.DescribeSecurityGroupsRequest, _ transaction: Transaction
    ) throws(EC2Error) -> [SecurityGroupRecord] {
        guard !input.groupIDs.isEmpty || !input.groupNames.isEmpty else {
            return transaction.state.securityGroups.all(of: transaction.account)
        }
        var groups: [SecurityGroupID: SecurityGroupRecord] = [:]
        for id in try Lookup.ids(input.groupIDs, SecurityGroupKind.self) {
            groups[id] = try transaction.securityGroup(id)
        }
        for name in input.groupNames {
            let group = try transaction.securityGroup(named: name)
            groups[group.id] = group
        }
        return groups.values.sorted { $0.id < $1.id }
    }
}
