import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteLaunchTemplate`: with all of its versions. Instances that were launched from it stay.
enum DeleteLaunchTemplate: RecordAction {
    typealias Operation = EC2.Operation.DeleteLaunchTemplate

    static func perform(
        _ input: EC2.DeleteLaunchTemplateRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DeleteLaunchTemplateResult {
        let name = try LaunchTemplateText.template(id: input.launchTemplateID, name: input.launchTemplateName)
        let template = try transaction.launchTemplate(name)
        transaction.deleteLaunchTemplate(template)
        return EC2.DeleteLaunchTemplateResult(launchTemplate: EC2.LaunchTemplate(template))
    }
}
