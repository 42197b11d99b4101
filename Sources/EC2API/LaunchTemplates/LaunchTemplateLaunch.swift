// Launching from a template: its data, with the call's own parameters over them, are a call like any other.
// Source: EC2 API Reference, "RunInstances", "LaunchTemplateSpecification".

import AWSWire
import CloudTypes
import ControlPlane

/// The version of a template that a launch goes by.
struct LaunchTemplateUse {
    let version: LaunchTemplateVersionRecord

    /// nil where the call names no template. A version that is not named is the default one.
    ///
    /// - Throws: `MissingParameter`, `InvalidParameterCombination`, `InvalidLaunchTemplateId.NotFound`,
    ///   `….VersionNotFound`, `InvalidLaunchTemplateName.NotFoundException`.
    init?(_ input: EC2.LaunchTemplateSpecification?, in transaction: Transaction) throws(EC2Error) {
        guard let input else { return nil }
        let name = try LaunchTemplateText.template(id: input.launchTemplateID, name: input.launchTemplateName)
        let template = try transaction.launchTemplate(name)
        version = try transaction.version(
            try LaunchTemplateText.version(input.version ?? "$Default"), of: template)
    }

    init(version: LaunchTemplateVersionRecord) { self.version = version }

    /// The call with what it does not say itself.
    ///
    /// - Throws: `InvalidParameterCombination` for a template that leaves the type open.
    func completing(_ input: EC2.RunInstancesRequest) throws(EC2Error) -> EC2.RunInstancesRequest {
        let data = parameters
        guard data["InstanceRequirements"] == nil else {
            throw .invalidParameterCombination(
                "A launch template with InstanceRequirements cannot be used to run instances: use a fleet.")
        }
        var call = LaunchParameters(input.parameters)
        call["LaunchTemplate"] = nil
        do {
            return try EC2.RunInstancesRequest(parameters: data.overlaid(with: call).parameters)
        } catch {
            throw error.refusal(in: .ec2)
        }
    }

    /// The data under the names that RunInstances has for them.
    var parameters: LaunchParameters {
        var data = LaunchParameters(version.data)
        data.rename("RamDiskId", to: "RamdiskId")
        return data
    }

    /// What instances tell of where they come from.
    var tags: [String: String] {
        [
            "aws:ec2launchtemplate:id": version.template.description,
            "aws:ec2launchtemplate:version": "\(version.number)",
        ]
    }
}

extension LaunchOrder {
    /// The order of a call, and of the template that it names.
    init(whole input: EC2.RunInstancesRequest, in transaction: Transaction) throws(EC2Error) {
        guard let use = try LaunchTemplateUse(input.launchTemplate, in: transaction) else {
            try self.init(input, in: transaction)
            return
        }
        try self.init(try use.completing(input), in: transaction)
        instanceTags.merge(use.tags) { $1 }
    }
}

extension LaunchTemplateVersionRecord {
    /// Why nothing could be launched from a template that names its image; nil where something could be.
    func warning(in transaction: Transaction) -> EC2.ValidationWarning? {
        guard data["ImageId"] != nil, data["InstanceRequirements"] == nil else { return nil }
        var attempt = transaction
        do throws(EC2Error) {
            let input = try LaunchTemplateUse(version: self)
                .completing(EC2.RunInstancesRequest(maxCount: 1, minCount: 1))
            _ = try attempt.launch(try LaunchOrder(input, in: attempt))
            return nil
        } catch {
            guard error.httpStatus < 500 else { return nil }
            return EC2.ValidationWarning(errors: [EC2.ValidationError(code: error.code, message: error.message)])
        }
    }
}
