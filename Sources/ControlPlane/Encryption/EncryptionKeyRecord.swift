// The keys that accounts have named, and whose each is: a key is its account's alone. The node has the keys themselves.

package import CloudTypes

package struct EncryptionKeyRecord: CloudRecord {
    package static let kind = "encryption-key"
    package static let table: TablePath<Self> = \.encryptionKeys
    /// The last part of the key's ARN: a UUID in small letters.
    package var id: String
    package var account: AccountID
    package var createdAt: Timestamp

    package init(id: String, account: AccountID, createdAt: Timestamp) {
        (self.id, self.account, self.createdAt) = (id, account, createdAt)
    }
}
