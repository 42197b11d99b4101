// Accounts and the keys that speak for them.

package import CloudTypes

package struct AccountRecord: CloudRecord {
    package static let kind = "account"
    package static let table: TablePath<Self> = \.accounts
    package var id: AccountID
    package var account: AccountID { id }
    package var name: String
    package var createdAt: Timestamp
    /// The alias that images of this account show as their owner: `amazon`; nil for the accounts of users.
    package var ownerAlias: String?
    /// The default VPC is made at the first call that could need it, once.
    package var hasDefaultVPC: Bool
    /// Whether images of the account cannot be made public any more; nil: they can.
    package var blocksPublicImages: Bool?
    /// What the account forbids of its public snapshots; nil: nothing.
    package var publicSnapshotBlock: PublicSnapshotBlock?
    /// Whether new volumes and copies are encrypted though nobody asks; nil: they are not.
    package var encryptsByDefault: Bool?
    /// The account's AWS managed key for EBS; nil: it was never needed.
    package var managedKeyID: String?
    /// The key that is used where none is named; nil: the account never chose, and it is the managed one.
    package var defaultKeyID: String?

    /// What its launches get of the metadata service where they say nothing else; nil: no preference.
    package var metadataDefaults: MetadataDefaults?
    /// `standard` or `unlimited` by instance family, where the account chose; nil: it never did.
    package var creditDefaults: [String: String]?
    /// When T2 launches of the last day got launch credits.
    package var launchCreditGrants: [Timestamp]?
    /// Whether serial consoles of its instances may be used; nil: they may not.
    package var allowsSerialConsoles: Bool?

    package init(id: AccountID, name: String, createdAt: Timestamp, ownerAlias: String? = nil) {
        (self.id, self.name, self.createdAt, self.ownerAlias) = (id, name, createdAt, ownerAlias)
        hasDefaultVPC = false
    }

    package var indexKeys: [IndexKey] { ownerAlias.map { [IndexKey(.name, text: $0)] } ?? [] }
}

package struct AccessKeyRecord: CloudRecord {
    package static let kind = "access-key"
    package static let table: TablePath<Self> = \.accessKeys
    /// `AKIA…`, twenty characters.
    package var id: String
    package var account: AccountID
    package var secret: String
    package var createdAt: Timestamp

    package init(id: String, account: AccountID, secret: String, createdAt: Timestamp) {
        (self.id, self.account, self.secret, self.createdAt) = (id, account, secret, createdAt)
    }
}

/// The answer once given to a request that carried a ClientToken.
package struct RequestTokenRecord: CloudRecord {
    package static let kind = "request-token"
    package static let table: TablePath<Self> = \.requestTokens
    /// Account, action and token, joined by slashes.
    package var id: String
    package var account: AccountID
    /// SHA-256 over the request's other parameters.
    package var requestHash: [UInt8]
    /// The response's elements, without envelope and request id.
    package var answer: [UInt8]
    package var createdAt: Timestamp

    package init(id: String, account: AccountID, requestHash: [UInt8], answer: [UInt8], createdAt: Timestamp) {
        (self.id, self.account, self.requestHash) = (id, account, requestHash)
        (self.answer, self.createdAt) = (answer, createdAt)
    }
}
