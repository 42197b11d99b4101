// Launch templates and their versions as EC2 shows them.

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.LaunchTemplate {
    init(_ template: LaunchTemplateRecord) {
        self.init(
            launchTemplateID: template.id.description, launchTemplateName: template.name,
            createTime: template.createdAt, createdBy: template.createdBy,
            defaultVersionNumber: template.defaultVersion, latestVersionNumber: template.latestVersion,
            tags: EC2.Tag.list(template.tags), operator: EC2.OperatorResponse(managed: false))
    }
}

extension EC2.LaunchTemplateVersion {
    init(_ version: LaunchTemplateVersionRecord, of template: LaunchTemplateRecord) throws(EC2Error) {
        self.init(
            launchTemplateID: template.id.description, launchTemplateName: template.name,
            versionNumber: version.number, versionDescription: version.description, createTime: version.createdAt,
            createdBy: version.createdBy, defaultVersion: version.number == template.defaultVersion,
            launchTemplateData: try version.shape(EC2.ResponseLaunchTemplateData.self),
            operator: EC2.OperatorResponse(managed: false))
    }
}

extension LaunchTemplateVersionRecord {
    /// The data as another structure of the same parameters.
    func shape<Shape: QueryReadable>(_ type: Shape.Type) throws(EC2Error) -> Shape {
        do {
            return try Shape(parameters: data)
        } catch {
            throw .internalError(logged: "launch template version \(id) cannot be read: \(error)")
        }
    }
}
