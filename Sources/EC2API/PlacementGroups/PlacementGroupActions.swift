package import APIGateway

extension EC2Actions {
    package static let placementGroups: [Action] = [
        Action(CreatePlacementGroup.self),
        Action(DescribePlacementGroups.self),
        Action(DeletePlacementGroup.self),
    ]
}
