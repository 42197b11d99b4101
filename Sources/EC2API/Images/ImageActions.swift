package import APIGateway

extension EC2Actions {
    package static let images: [Action] = [
        Action(DescribeImages.self),
        Action(RegisterImage.self),
        Action(DeregisterImage.self),
        Action(DescribeImageAttribute.self),
        Action(ModifyImageAttribute.self),
        Action(ResetImageAttribute.self),
    ]
}
