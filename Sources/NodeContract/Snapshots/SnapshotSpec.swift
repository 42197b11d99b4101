// What a snapshot should be on the node: the bytes of a volume at one moment, kept without the volume.

package import CloudTypes

package struct SnapshotSpec: Sendable, Equatable, Codable {
    package var id: SnapshotID
    package var volume: VolumeID
    package var sizeGiB: Int
    /// The volume's snapshot before this one: what did not change since is taken over from it, not read again.
    /// nil: none is known, and everything is read.
    package var parent: SnapshotID?
    /// Whether a later snapshot of the volume takes over from this one, so that what changes since is to be told apart. A
    /// copy's moment leaves what is known of changes as it is.
    package var marksChanges: Bool
    /// The volume's key, with which its parent is sealed too; nil: in the clear.
    package var key: EncryptionKeyID?

    package init(
        id: SnapshotID, volume: VolumeID, sizeGiB: Int, parent: SnapshotID? = nil, key: EncryptionKeyID? = nil,
        marksChanges: Bool = true
    ) {
        (self.id, self.volume, self.sizeGiB) = (id, volume, sizeGiB)
        (self.parent, self.key, self.marksChanges) = (parent, key, marksChanges)
    }

    package var bytes: SnapshotBytes { SnapshotBytes(id, key: key) }
}

/// A snapshot whose bytes are durable.
package struct StoredSnapshot: Sendable, Equatable {
    /// Bytes of all its blocks of 512 KiB that are not zeros: what `FullSnapshotSizeInBytes` tells.
    package var fullBytes: Int
    package init(fullBytes: Int) { self.fullBytes = fullBytes }
}
