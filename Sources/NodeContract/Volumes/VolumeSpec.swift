// What a volume should be on the node.

package import CloudTypes

package struct VolumeSpec: Sendable, Equatable, Codable {
    package var id: VolumeID
    package var sizeGiB: Int
    /// The snapshot whose data the volume begins with; nil: zeros.
    package var snapshot: SnapshotBytes?
    /// What the volume's own bytes are sealed with; nil: they are in the clear.
    package var key: EncryptionKeyID?
    /// MiB/s at which it is filled from its snapshot; nil: as fast as the node sees fit.
    package var initializationRate: Int?
    /// Whether the snapshot is an image's, of which more volumes are to be expected; nil: no.
    package var isOfImage: Bool?

    package init(
        id: VolumeID, sizeGiB: Int, snapshot: SnapshotBytes?, key: EncryptionKeyID? = nil,
        initializationRate: Int? = nil, isOfImage: Bool? = nil
    ) {
        (self.id, self.sizeGiB, self.snapshot, self.key) = (id, sizeGiB, snapshot, key)
        (self.initializationRate, self.isOfImage) = (initializationRate, isOfImage)
    }
}
