// From a volume's record to what the node has to have.

internal import CloudTypes
package import NodeContract

extension GuestSpec.Disk {
    /// The volume as a guest gets it.
    init(_ volume: VolumeRecord, as attachment: VolumeRecord.Attachment) {
        self.init(
            volume: volume.id, deviceName: attachment.deviceName, limits: VolumePerformance(volume.figures).limits,
            isShared: volume.multiAttach ? true : nil)
    }
}

extension VolumeSpec {
    /// Its own key, and beside it that of the snapshot that it begins with, which may be another.
    package init(of volume: VolumeRecord, in state: CloudState) {
        self.init(
            id: volume.id, sizeGiB: volume.sizeGiB,
            snapshot: volume.snapshot.map { state.snapshots[$0]?.bytes ?? SnapshotBytes($0) },
            key: volume.keyID.map { EncryptionKeyID($0) }, initializationRate: volume.initializationRate,
            isOfImage: volume.snapshot.map { state.images.contains(IndexKey(.snapshot, $0)) })
    }
}
