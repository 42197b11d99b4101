package import APIGateway

extension EC2Actions {
    package static let securityGroups: [Action] = [
        Action(CreateSecurityGroup.self),
        Action(DeleteSecurityGroup.self),
        Action(DescribeSecurityGroups.self),
        Action(AuthorizeSecurityGroupIngress.self),
        Action(AuthorizeSecurityGroupEgress.self),
        Action(RevokeSecurityGroupIngress.self),
        Action(RevokeSecurityGroupEgress.self),
        Action(DescribeSecurityGroupRules.self),
        Action(ModifySecurityGroupRules.self),
        Action(UpdateSecurityGroupRuleDescriptionsIngress.self),
        Action(UpdateSecurityGroupRuleDescriptionsEgress.self),
        Action(DescribeSecurityGroupReferences.self),
        Action(DescribeStaleSecurityGroups.self),
    ]
}
