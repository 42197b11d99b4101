import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeSecurityGroupRules`: rules one by one, with their ids and tags.
enum DescribeSecurityGroupRules: RecordAction {
    typealias Operation = EC2.Operation.DescribeSecurityGroupRules

    static func perform(
        _ input: EC2.DescribeSecurityGroupRulesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeSecurityGroupRulesResult {
        let rules = try SecurityGroupFilters.rules.select(
            named(input.securityGroupRuleIDs, transaction), by: input.filters, in: transaction.state)
        let page = try Pagination.page(rules, for: input) { $0.rule.id.description }
        return EC2.DescribeSecurityGroupRulesResult(
            securityGroupRules: page.items.map { EC2.SecurityGroupRule($0.rule, of: $0.group, in: transaction) },
            nextToken: page.nextToken)
    }

    private static func named(
        _ texts: [String], _ transaction: Transaction
    ) throws(EC2Error) -> [SecurityGroupFilters.RuleItem] {
        let wanted = Set(try Lookup.ids(texts, SecurityGroupRuleKind.self))
        var items: [SecurityGroupFilters.RuleItem] = []
        for group in transaction.state.securityGroups.all(of: transaction.account) {
            for rule in group.rules where wanted.isEmpty || wanted.contains(rule.id) {
                items.append(SecurityGroupFilters.RuleItem(rule: rule, group: group))
            }
        }
        let missing = wanted.subtracting(items.map(\.rule.id))
        guard missing.isEmpty else { throw .notFound(missing.sorted()) }
        return items.sorted { $0.rule.id < $1.rule.id }
    }
}
