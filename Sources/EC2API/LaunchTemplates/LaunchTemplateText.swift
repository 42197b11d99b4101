// What calls say of launch templates: which one, which version, and data that can be kept.

import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

enum LaunchTemplateText {
    /// - Throws: `MissingParameter`, `InvalidParameterCombination` for both, `InvalidLaunchTemplateId.Malformed`.
    static func template(id: String?, name: String?) throws(EC2Error) -> LaunchTemplateName {
        switch (id, name) {
        case (nil, nil): throw .missingParameter("LaunchTemplateId or LaunchTemplateName")
        case (let id?, nil): .id(try Lookup.id(id, named: "LaunchTemplateId"))
        case (nil, let name?): .name(name)
        case (.some, .some):
            throw .invalidParameterCombination(
                "Only one of 'LaunchTemplateId' and 'LaunchTemplateName' may be specified.")
        }
    }

    /// - Throws: `InvalidParameterValue` for what is no version.
    static func version(_ text: String) throws(EC2Error) -> LaunchTemplateVersion {
        guard let version = LaunchTemplateVersion(text) else {
            throw .invalidParameterValue(
                name: "LaunchTemplateVersion", value: text, reason: "Valid values are $Latest, $Default and numbers.")
        }
        return version
    }

    /// A version by its number alone.
    ///
    /// - Throws: `InvalidParameterValue`.
    static func number(_ text: String, named name: String) throws(EC2Error) -> Int {
        guard case .number(let number) = LaunchTemplateVersion(text) else {
            throw .invalidParameterValue(name: name, value: text, reason: "A version number is expected.")
        }
        return number
    }

    /// What the template is to keep. Most of it is judged when an instance is launched from it.
    ///
    /// - Throws: `InvalidAMIID.Malformed` for an empty id, `InvalidUserData.Malformed`, `InvalidParameterValue`,
    ///   `UnsupportedOperation`.
    static func data(_ input: EC2.RequestLaunchTemplateData, limit: Int) throws(EC2Error) -> [String: String] {
        if input.imageID == "" { throw .malformedID("", ImageKind.self) }
        if let image = input.imageID, image.hasPrefix("resolve:ssm:") {
            throw .unsupported(
                "The image '\(image)' is not supported by this cloud: it has no Systems Manager parameters.")
        }
        if let type = input.instanceType, InstanceTypeCatalogue.facts(of: type) == nil {
            throw .invalidParameterValue("Invalid value '\(type)' for InstanceType.")
        }
        if let userData = input.userData {
            guard let bytes = Base64.decode(userData) else {
                throw EC2Error("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
            }
            _ = try UserDataText.checked(bytes)
        }
        for specification in input.tagSpecifications {
            guard let type = specification.resourceType else {
                throw .missingParameter("LaunchTemplateData.TagSpecification.ResourceType")
            }
            guard taggable.contains(type) else {
                throw .invalidParameterValue("'\(type)' is not a valid taggable resource type for this operation.")
            }
            try TagRules.checkCount(try TagSpecifications.pairs(specification.tags), limit: limit)
        }
        guard input.instanceType == nil || input.instanceRequirements == nil else {
            throw .invalidParameterCombination(
                "InstanceType and InstanceRequirements cannot be specified in the same launch template.")
        }
        return input.parameters
    }

    private static let taggable: Set = ["instance", "volume", "network-interface", "spot-instances-request"]
}
