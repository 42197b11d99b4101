import APIGateway

extension EC2Actions {
    static let networkInterfaces: [Action] = [
        Action(DescribeNetworkInterfaces.self), Action(DescribeNetworkInterfaceAttribute.self),
        Action(ModifyNetworkInterfaceAttribute.self),
    ]
}
