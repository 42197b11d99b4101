package import APIGateway

extension EC2Actions {
    package static let instanceTypes: [Action] = [
        Action(DescribeInstanceTypes.self),
        Action(DescribeInstanceTypeOfferings.self),
        Action(GetInstanceTypesFromInstanceRequirements.self),
    ]
}
