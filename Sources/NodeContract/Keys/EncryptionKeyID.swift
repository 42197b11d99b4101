// Which key bytes at rest are sealed with. The key itself never leaves the node.

package import CloudTypes

/// An account's key, as the last part of a KMS key's ARN names it: a UUID. The node makes it when it first hears of it.
package struct EncryptionKeyID: Sendable, Hashable, Codable, CustomStringConvertible {
    package let description: String
    package init(_ text: String) { description = text }
}

/// The bytes of a snapshot, and the key that they are sealed with; nil: they are in the clear.
package struct SnapshotBytes: Sendable, Hashable, Codable {
    package var id: SnapshotID
    package var key: EncryptionKeyID?
    package init(_ id: SnapshotID, key: EncryptionKeyID? = nil) { (self.id, self.key) = (id, key) }
}
