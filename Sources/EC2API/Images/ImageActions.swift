package import APIGateway

extension EC2Actions {
    package static let images: [Action] = [
        Action(DescribeImages.self),
        Action(RegisterImage.self),
        Action(CreateImage.self),
        Action(CopyImage.self),
        Action(DeregisterImage.self),
        Action(DescribeImageAttribute.self),
        Action(ModifyImageAttribute.self),
        Action(ResetImageAttribute.self),
        Action(DisableImage.self),
        Action(EnableImage.self),
        Action(EnableImageDeprecation.self),
        Action(DisableImageDeprecation.self),
        Action(EnableImageDeregistrationProtection.self),
        Action(DisableImageDeregistrationProtection.self),
        Action(CancelImageLaunchPermission.self),
        Action(EnableImageBlockPublicAccess.self),
        Action(DisableImageBlockPublicAccess.self),
        Action(GetImageBlockPublicAccessState.self),
    ]
}
