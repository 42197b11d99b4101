import APIGateway

extension EC2Actions {
    static let vpcs: [Action] = [
        Action(CreateVpc.self), Action(CreateDefaultVpc.self), Action(DeleteVpc.self), Action(DescribeVpcs.self),
        Action(DescribeVpcAttribute.self), Action(ModifyVpcAttribute.self), Action(ModifyVpcTenancy.self),
        Action(DescribeVpcClassicLink.self), Action(DescribeVpcClassicLinkDnsSupport.self),
    ]
}
