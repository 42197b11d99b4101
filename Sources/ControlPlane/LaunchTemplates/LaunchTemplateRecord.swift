// Launch templates and their versions as the store keeps them.

package import CloudTypes

package struct LaunchTemplateRecord: TaggedRecord {
    package static let kind = "launch-template"
    package static let table: TablePath<Self> = \.launchTemplates

    package var id: LaunchTemplateID
    package var account: AccountID
    package var name: String
    package var createdAt: Timestamp
    /// As `Caller.arn`.
    package var createdBy: String
    package var defaultVersion = 1
    /// The highest version that is there.
    package var latestVersion = 1
    /// The highest version that ever was: numbers are given once.
    package var lastNumber = 1
    package var tags: [String: String] = [:]

    package init(id: LaunchTemplateID, account: AccountID, name: String, createdAt: Timestamp, createdBy: String) {
        (self.id, self.account, self.name) = (id, account, name)
        (self.createdAt, self.createdBy) = (createdAt, createdBy)
    }

    package var indexKeys: [IndexKey] { [LaunchTemplateRecord.nameKey(name, of: account)] }

    /// Names are unique in an account.
    package static func nameKey(_ name: String, of account: AccountID) -> IndexKey {
        IndexKey(.name, text: "\(account)/\(name)")
    }
}

package struct LaunchTemplateVersionRecord: CloudRecord {
    package static let kind = "launch-template-version"
    package static let table: TablePath<Self> = \.launchTemplateVersions

    package var account: AccountID
    package var template: LaunchTemplateID
    package var number: Int
    package var description: String?
    package var createdAt: Timestamp
    package var createdBy: String
    /// What an instance is to be launched with: the parameters of RunInstances by their names on the wire.
    package var data: [String: String]

    package init(
        account: AccountID, template: LaunchTemplateID, number: Int, description: String?, createdAt: Timestamp,
        createdBy: String, data: [String: String]
    ) {
        (self.account, self.template, self.number) = (account, template, number)
        (self.description, self.createdAt, self.createdBy, self.data) = (description, createdAt, createdBy, data)
    }

    package var id: String { LaunchTemplateVersionRecord.id(of: number, template) }

    package static func id(of number: Int, _ template: LaunchTemplateID) -> String { "\(template)/\(number)" }

    package var indexKeys: [IndexKey] { [IndexKey(.launchTemplate, template)] }
}
