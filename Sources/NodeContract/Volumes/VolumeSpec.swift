// What a volume should be on the node.

package import CloudTypes

package struct VolumeSpec: Sendable, Equatable, Codable {
    package var id: VolumeID
    package var sizeGiB: Int
    /// The snapshot whose data the volume begins with; nil: zeros.
    package var snapshot: SnapshotID?

    package init(id: VolumeID, sizeGiB: Int, snapshot: SnapshotID?) {
        (self.id, self.sizeGiB, self.snapshot) = (id, sizeGiB, snapshot)
    }
}
