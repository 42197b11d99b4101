// Key pairs as the store keeps them: never the private half.

package import CloudTypes

package struct KeyPairRecord: TaggedRecord {
    package static let kind = "key-pair"
    package static let table: TablePath<Self> = \.keyPairs

    package var id: KeyPairID
    package var account: AccountID
    package var name: String
    package var keyType: KeyType
    /// As `DescribeKeyPairs` prints it: MD5 or SHA-1 in colons for RSA, SHA-256 in base64 for Ed25519.
    package var fingerprint: String
    /// One line in OpenSSH's form.
    package var publicKey: String
    package var createdAt: Timestamp
    package var tags: [String: String] = [:]

    package enum KeyType: String, Sendable, Codable { case rsa, ed25519 }

    package init(
        id: KeyPairID, account: AccountID, name: String, keyType: KeyType, fingerprint: String, publicKey: String,
        createdAt: Timestamp
    ) {
        (self.id, self.account, self.name, self.keyType) = (id, account, name, keyType)
        (self.fingerprint, self.publicKey, self.createdAt) = (fingerprint, publicKey, createdAt)
    }

    package var indexKeys: [IndexKey] { [KeyPairRecord.nameKey(name, of: account)] }

    /// Names are unique in an account.
    package static func nameKey(_ name: String, of account: AccountID) -> IndexKey {
        IndexKey(.name, text: "\(account)/\(name)")
    }
}
