import APIGateway

extension EC2Actions {
    static let internetGateways: [Action] = [
        Action(CreateInternetGateway.self), Action(DeleteInternetGateway.self), Action(AttachInternetGateway.self),
        Action(DetachInternetGateway.self), Action(DescribeInternetGateways.self),
    ]
}
