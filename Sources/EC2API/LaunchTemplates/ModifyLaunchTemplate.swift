import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyLaunchTemplate`: makes another version the default one.
enum ModifyLaunchTemplate: RecordAction {
    typealias Operation = EC2.Operation.ModifyLaunchTemplate

    static func perform(
        _ input: EC2.ModifyLaunchTemplateRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyLaunchTemplateResult {
        let name = try LaunchTemplateText.template(id: input.launchTemplateID, name: input.launchTemplateName)
        var template = try transaction.launchTemplate(name)
        guard let text = input.defaultVersion else { throw .missingParameter("SetDefaultVersion") }
        let number = template.number(of: try LaunchTemplateText.version(text))
        template.defaultVersion = try transaction.version(.number(number), of: template).number
        transaction.put(template)
        return EC2.ModifyLaunchTemplateResult(launchTemplate: EC2.LaunchTemplate(template))
    }
}
