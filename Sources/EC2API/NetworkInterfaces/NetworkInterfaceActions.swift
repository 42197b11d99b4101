import APIGateway

extension EC2Actions {
    static let networkInterfaces: [Action] = [
        Action(CreateNetworkInterface.self), Action(DeleteNetworkInterface.self), Action(AttachNetworkInterface.self),
        Action(DetachNetworkInterface.self), Action(ResetNetworkInterfaceAttribute.self),
        Action(DescribeNetworkInterfaces.self), Action(DescribeNetworkInterfaceAttribute.self),
        Action(ModifyNetworkInterfaceAttribute.self),
    ]
}
