import APIGateway

extension EC2Actions {
    static let subnets: [Action] = [
        Action(CreateSubnet.self), Action(CreateDefaultSubnet.self), Action(DeleteSubnet.self),
        Action(DescribeSubnets.self), Action(ModifySubnetAttribute.self),
    ]
}
