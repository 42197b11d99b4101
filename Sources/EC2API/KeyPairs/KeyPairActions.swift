package import APIGateway

extension EC2Actions {
    package static let keyPairs: [Action] = [
        Action(CreateKeyPair.self),
        Action(ImportKeyPair.self),
        Action(DescribeKeyPairs.self),
        Action(DeleteKeyPair.self),
    ]
}
