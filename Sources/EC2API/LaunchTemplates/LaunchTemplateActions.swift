package import APIGateway

extension EC2Actions {
    package static let launchTemplates: [Action] = [
        Action(CreateLaunchTemplate.self),
        Action(CreateLaunchTemplateVersion.self),
        Action(DescribeLaunchTemplates.self),
        Action(DescribeLaunchTemplateVersions.self),
        Action(ModifyLaunchTemplate.self),
        Action(DeleteLaunchTemplate.self),
        Action(DeleteLaunchTemplateVersions.self),
        Action(GetLaunchTemplateData.self),
    ]
}
