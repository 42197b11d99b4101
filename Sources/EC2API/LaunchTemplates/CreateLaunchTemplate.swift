import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateLaunchTemplate`: the template and its first version, with a warning where nothing could be launched from it.
enum CreateLaunchTemplate: RecordAction {
    typealias Operation = EC2.Operation.CreateLaunchTemplate

    static func perform(
        _ input: EC2.CreateLaunchTemplateRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateLaunchTemplateResult {
        try UnservedMembers.refuse(
            ["Operator": input.operator != nil], because: "no service manages launch templates here.")
        let data = try LaunchTemplateText.data(
            input.launchTemplateData, limit: transaction.settings.quotas.tagsPerResource)
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "launch-template", in: transaction)
        let template = try transaction.createLaunchTemplate(
            named: input.launchTemplateName, description: input.versionDescription, data: data, tags: tags)
        let first = try transaction.version(.number(1), of: template)
        return EC2.CreateLaunchTemplateResult(
            launchTemplate: EC2.LaunchTemplate(template), warning: first.warning(in: transaction))
    }
}
