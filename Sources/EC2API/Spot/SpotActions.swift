package import APIGateway

extension EC2Actions {
    package static let spot: [Action] = [
        Action(RequestSpotInstances.self),
        Action(DescribeSpotInstanceRequests.self),
        Action(CancelSpotInstanceRequests.self),
        Action(DescribeSpotPriceHistory.self),
    ]
}
