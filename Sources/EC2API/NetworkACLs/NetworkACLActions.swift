import APIGateway

extension EC2Actions {
    static let networkACLs: [Action] = [Action(DescribeNetworkAcls.self)]
}
