import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteLaunchTemplateVersions`: each by itself; the answer tells which are gone and which are not.
enum DeleteLaunchTemplateVersions: RecordAction {
    typealias Operation = EC2.Operation.DeleteLaunchTemplateVersions

    private static let mostVersions = 200

    static func perform(
        _ input: EC2.DeleteLaunchTemplateVersionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DeleteLaunchTemplateVersionsResult {
        let name = try LaunchTemplateText.template(id: input.launchTemplateID, name: input.launchTemplateName)
        let template = try transaction.launchTemplate(name)
        guard input.versions.count <= mostVersions else {
            throw .invalidParameterValue("At most \(mostVersions) versions can be deleted at once.")
        }
        var numbers: [Int] = []
        for text in input.versions {
            numbers.append(try LaunchTemplateText.number(text, named: "LaunchTemplateVersion"))
        }
        var answer = EC2.DeleteLaunchTemplateVersionsResult()
        let (id, title) = (template.id.description, template.name)
        for number in numbers {
            do {
                try transaction.deleteVersion(number, of: template.id)
                answer.successfullyDeletedLaunchTemplateVersions.append(
                    .init(launchTemplateID: id, launchTemplateName: title, versionNumber: number))
            } catch {
                answer.unsuccessfullyDeletedLaunchTemplateVersions.append(
                    .init(
                        launchTemplateID: id, launchTemplateName: title, versionNumber: number,
                        responseError: EC2.ResponseError(error)))
            }
        }
        return answer
    }
}

extension EC2.ResponseError {
    init(_ error: EC2Error) {
        let isMissing = error.code == "InvalidLaunchTemplateId.VersionNotFound"
        self.init(code: isMissing ? .launchTemplateVersionDoesNotExist : .unexpectedError, message: error.message)
    }
}
