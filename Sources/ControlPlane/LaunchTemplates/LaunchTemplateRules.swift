// Launch templates: what one may be called, how its versions are numbered, and which one a launch means.
// Source: EC2 API Reference, "CreateLaunchTemplate", "DeleteLaunchTemplateVersions"; User Guide, "Launch templates".

package import CloudTypes

/// Which template a call speaks of.
package enum LaunchTemplateName: Sendable {
    case id(LaunchTemplateID)
    case name(String)
}

/// Which version of a template a call speaks of.
package enum LaunchTemplateVersion: Sendable, Equatable {
    case latest, standard
    case number(Int)

    /// `$Latest`, `$Default` or a number from 1; nil for anything else.
    package init?(_ text: String) {
        switch text {
        case "$Latest": self = .latest
        case "$Default": self = .standard
        default:
            guard let number = Int(text), number > 0 else { return nil }
            self = .number(number)
        }
    }
}

extension LaunchTemplateRecord {
    package func number(of version: LaunchTemplateVersion) -> Int {
        switch version {
        case .latest: latestVersion
        case .standard: defaultVersion
        case .number(let number): number
        }
    }
}

extension Transaction {
    /// - Throws: `InvalidLaunchTemplateId.NotFound`, `InvalidLaunchTemplateName.NotFoundException`.
    package func launchTemplate(_ name: LaunchTemplateName) throws(EC2Error) -> LaunchTemplateRecord {
        switch name {
        case .id(let id): return try owned(id)
        case .name(let name):
            let key = LaunchTemplateRecord.nameKey(name, of: account)
            guard let template = state.launchTemplates.first(where: key) else {
                throw EC2Error(
                    "InvalidLaunchTemplateName.NotFoundException",
                    "The specified launch template, with template name \(name), does not exist.")
            }
            return template
        }
    }

    /// - Throws: `InvalidLaunchTemplateId.VersionNotFound`.
    package func version(
        _ version: LaunchTemplateVersion, of template: LaunchTemplateRecord
    ) throws(EC2Error) -> LaunchTemplateVersionRecord {
        let number = template.number(of: version)
        let id = LaunchTemplateVersionRecord.id(of: number, template.id)
        guard let record = state.launchTemplateVersions[id] else {
            throw EC2Error(
                "InvalidLaunchTemplateId.VersionNotFound",
                "The specified launch template version \(number) of the launch template \(template.id) does not exist.")
        }
        return record
    }

    /// By number, from the first.
    package func versions(of template: LaunchTemplateID) -> [LaunchTemplateVersionRecord] {
        state.launchTemplateVersions.all(where: IndexKey(.launchTemplate, template)).sorted { $0.number < $1.number }
    }

    /// - Throws: `InvalidLaunchTemplateName.MalformedException`, `….AlreadyExistsException`,
    ///   `LaunchTemplateLimitExceeded`.
    package mutating func createLaunchTemplate(
        named name: String, description: String?, data: [String: String], tags: [String: String]
    ) throws(EC2Error) -> LaunchTemplateRecord {
        guard name.wholeMatch(of: /[a-zA-Z0-9().\-\/_]{3,128}/) != nil else {
            throw EC2Error(
                "InvalidLaunchTemplateName.MalformedException",
                "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and "
                    + "the following characters: - ( ) . / _.")
        }
        guard !state.launchTemplates.contains(LaunchTemplateRecord.nameKey(name, of: account)) else {
            throw EC2Error(
                "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
        }
        let count = state.launchTemplates.count(where: IndexKey(.account, account))
        guard count < settings.quotas.launchTemplates else {
            throw EC2Error("LaunchTemplateLimitExceeded", "The maximum number of launch templates has been reached.")
        }
        var template = LaunchTemplateRecord(
            id: newID(), account: account, name: name, createdAt: now, createdBy: caller.arn)
        template.tags = tags
        put(template)
        putVersion(1, of: template.id, description, data)
        return template
    }

    /// - Throws: `LaunchTemplateVersionLimitExceeded`.
    package mutating func addVersion(
        to template: LaunchTemplateRecord, description: String?, data: [String: String]
    ) throws(EC2Error) -> LaunchTemplateVersionRecord {
        let count = state.launchTemplateVersions.count(where: IndexKey(.launchTemplate, template.id))
        guard count < settings.quotas.versionsPerLaunchTemplate else {
            throw EC2Error(
                "LaunchTemplateVersionLimitExceeded",
                "The maximum number of versions of the launch template has been reached.")
        }
        let number = template.lastNumber + 1
        update(template.id, LaunchTemplateRecord.self) { ($0.latestVersion, $0.lastNumber) = (number, number) }
        return putVersion(number, of: template.id, description, data)
    }

    @discardableResult
    private mutating func putVersion(
        _ number: Int, of template: LaunchTemplateID, _ description: String?, _ data: [String: String]
    ) -> LaunchTemplateVersionRecord {
        let version = LaunchTemplateVersionRecord(
            account: account, template: template, number: number, description: description, createdAt: now,
            createdBy: caller.arn, data: data)
        put(version)
        return version
    }

    /// A template without its versions is no template: all go together.
    package mutating func deleteLaunchTemplate(_ template: LaunchTemplateRecord) {
        for version in versions(of: template.id) { delete(version.id, LaunchTemplateVersionRecord.self) }
        delete(template.id, LaunchTemplateRecord.self)
    }

    /// - Throws: `InvalidLaunchTemplateId.VersionNotFound`, `OperationNotPermitted` for the default version.
    package mutating func deleteVersion(_ number: Int, of id: LaunchTemplateID) throws(EC2Error) {
        let template: LaunchTemplateRecord = try owned(id)
        let version = try version(.number(number), of: template)
        guard number != template.defaultVersion else {
            throw EC2Error(
                "OperationNotPermitted",
                "The default version of a launch template cannot be deleted: make another one the default first.")
        }
        delete(version.id, LaunchTemplateVersionRecord.self)
        // The default version is always there.
        let latest = versions(of: id).last?.number ?? template.defaultVersion
        update(id, LaunchTemplateRecord.self) { $0.latestVersion = latest }
    }
}
