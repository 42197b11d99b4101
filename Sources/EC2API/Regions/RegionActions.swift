package import APIGateway

extension EC2Actions {
    package static let regions: [Action] = [
        Action(DescribeRegions.self),
        Action(DescribeAvailabilityZones.self),
        Action(DescribeAccountAttributes.self),
    ]
}
