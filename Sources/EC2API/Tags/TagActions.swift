package import APIGateway

extension EC2Actions {
    package static let tags: [Action] = [Action(CreateTags.self), Action(DeleteTags.self), Action(DescribeTags.self)]
}
