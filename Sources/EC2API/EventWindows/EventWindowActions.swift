import APIGateway

extension EC2Actions {
    static let eventWindows: [Action] = [
        Action(CreateInstanceEventWindow.self), Action(DescribeInstanceEventWindows.self),
        Action(ModifyInstanceEventWindow.self), Action(DeleteInstanceEventWindow.self),
        Action(AssociateInstanceEventWindow.self), Action(DisassociateInstanceEventWindow.self),
    ]
}
