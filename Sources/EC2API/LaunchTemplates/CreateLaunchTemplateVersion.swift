import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateLaunchTemplateVersion`: from nothing, or from another version with what is given here in the place of its own.
enum CreateLaunchTemplateVersion: RecordAction {
    typealias Operation = EC2.Operation.CreateLaunchTemplateVersion

    static func perform(
        _ input: EC2.CreateLaunchTemplateVersionRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateLaunchTemplateVersionResult {
        let name = try LaunchTemplateText.template(id: input.launchTemplateID, name: input.launchTemplateName)
        let template = try transaction.launchTemplate(name)
        var data = try LaunchTemplateText.data(
            input.launchTemplateData, limit: transaction.settings.quotas.tagsPerResource)
        if let text = input.sourceVersion {
            let source = try transaction.version(try LaunchTemplateText.version(text), of: template)
            data = inherited(from: source).replaced(by: LaunchParameters(data)).parameters
        }
        let version = try transaction.addVersion(to: template, description: input.versionDescription, data: data)
        let changed = try transaction.launchTemplate(.id(template.id))
        return EC2.CreateLaunchTemplateVersionResult(
            launchTemplateVersion: try EC2.LaunchTemplateVersion(version, of: changed),
            warning: version.warning(in: transaction))
    }

    /// A version that follows does not stand on the snapshots of the one before it.
    private static func inherited(from source: LaunchTemplateVersionRecord) -> LaunchParameters {
        LaunchParameters(source.data.filter { !$0.key.hasSuffix(".Ebs.SnapshotId") })
    }
}
