import APIGateway

extension EC2Actions {
    static let instances: [Action] = [
        Action(RunInstances.self), Action(DescribeInstances.self), Action(TerminateInstances.self),
        Action(StartInstances.self), Action(StopInstances.self), Action(RebootInstances.self),
    ]
}
