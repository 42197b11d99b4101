package import APIGateway

extension EC2Actions {
    package static let rootTasks: [Action] = [
        Action(CreateReplaceRootVolumeTask.self),
        Action(DescribeReplaceRootVolumeTasks.self),
    ]
}
