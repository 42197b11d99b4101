import APIGateway

extension EC2Actions {
    static let dhcpOptions: [Action] = [
        Action(CreateDhcpOptions.self), Action(DeleteDhcpOptions.self), Action(AssociateDhcpOptions.self),
        Action(DescribeDhcpOptions.self),
    ]
}
