package import APIGateway

extension EC2Actions {
    package static let fleets: [Action] = [
        Action(CreateFleet.self),
        Action(DescribeFleets.self),
        Action(DescribeFleetInstances.self),
        Action(DeleteFleets.self),
    ]
}
