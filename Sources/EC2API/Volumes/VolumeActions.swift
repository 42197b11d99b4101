import APIGateway

extension EC2Actions {
    static let volumes: [Action] = []
}
