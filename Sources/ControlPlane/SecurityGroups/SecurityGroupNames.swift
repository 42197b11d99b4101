// What security groups and their rules may be called.
// Source: EC2 API Reference, "CreateSecurityGroup", "IpRange".

internal import CloudTypes

enum SecurityGroupNames {
    /// The name of the group that every VPC has.
    static let reserved = "default"
    static let longest = 255
    private static let characters = "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"

    /// The name as it is kept: without spaces at its end.
    ///
    /// - Throws: `MissingParameter`, `InvalidParameterValue`, `InvalidGroup.Reserved`.
    static func checkedName(_ text: String) throws(EC2Error) -> String {
        var name = text
        while name.hasSuffix(" ") { name.removeLast() }
        guard !name.isEmpty else { throw .missingParameter("GroupName") }
        guard !name.lowercased().hasPrefix("sg-") else {
            throw .invalidParameterValue(
                name: "GroupName", value: name, reason: "Group names may not be in the format sg-*.")
        }
        guard name.utf8.count <= longest, isAllowed(name) else {
            throw .invalidParameterValue(
                name: "GroupName", value: name,
                reason: "Valid names are strings less than 256 characters from the following set: \(characters)")
        }
        guard name.lowercased() != reserved else {
            throw EC2Error("InvalidGroup.Reserved", "The security group '\(name)' is reserved")
        }
        return name
    }

    /// - Throws: `MissingParameter`, `InvalidParameterValue`.
    static func check(description: String) throws(EC2Error) {
        guard !description.isEmpty else { throw .missingParameter("GroupDescription") }
        guard description.utf8.count <= longest, isAllowed(description) else {
            throw .invalidParameterValue(
                name: "GroupDescription", value: description,
                reason: "Valid descriptions are strings less than 256 characters from the following set: "
                    + characters)
        }
    }

    /// - Throws: `InvalidParameterValue`.
    static func check(ruleDescription: String) throws(EC2Error) {
        guard ruleDescription.utf8.count <= longest, isAllowed(ruleDescription) else {
            throw .invalidParameterValue(
                "Invalid rule description. Valid descriptions are strings less than 256 characters from the "
                    + "following set: \(characters)")
        }
    }

    private static let marks = Set(". _-:/()#,@[]+=&;{}!$*".utf8)

    private static func isAllowed(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || marks.contains(byte)
        }
    }
}
