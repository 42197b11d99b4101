// Volumes as the store keeps them.

package import CloudTypes

package struct VolumeRecord: TaggedRecord, Equatable {
    package static let kind = "volume"
    package static let table: TablePath<Self> = \.volumes

    package var id: VolumeID
    package var account: AccountID
    package var availabilityZone: String
    package var sizeGiB: Int
    /// `gp3`, `io2`, …
    package var volumeType: String
    package var iops: Int?
    /// MiB/s; gp3 alone.
    package var throughput: Int?
    /// Where its bytes come from. A copy's is its own affair, and goes when it is filled.
    package var snapshot: SnapshotID?
    /// The volume that it began as a copy of.
    package var source: VolumeID?
    /// The account's key that its bytes are sealed with; nil: they are in the clear.
    package var keyID: String?
    package var state: State = .creating
    /// Whether the bytes exist on the node.
    package var isRealised = false
    package var createdAt: Timestamp
    package var attachments: [Attachment] = []
    package var multiAttach = false
    package var autoEnableIO = false
    package var tags: [String: String] = [:]
    /// The last change of size, type or figures; nil while there was none.
    package var modification: VolumeModification?
    /// When changes were accepted, those of the last day.
    package var modifiedAt: [Timestamp]?
    /// Whether all of its snapshot has been read into it; nil: it never had to be.
    package var isFilled: Bool?
    /// Whether some of what it was to be a copy of is not to be had any more.
    package var isLost: Bool?
    /// Whether it was made by fast snapshot restore.
    package var isFastRestored: Bool?
    /// MiB/s at which it is to be filled, 100 to 300; nil: as fast as the node sees fit.
    package var initializationRate: Int?
    /// The last snapshot that was accepted of it.
    package var lastSnapshot: SnapshotID?
    /// How many snapshots were accepted of it.
    package var snapshotCount: Int?
    /// The task that is to make it its instance's root; nobody else gets it until then.
    package var rootTask: RootTaskID?

    /// Since when its present use counts; nil: nothing is metered.
    package var reading: UsageReading?

    package enum State: String, Sendable, Codable { case creating, available, inUse = "in-use", deleting, error }

    package struct Attachment: Sendable, Codable, Equatable {
        package enum State: String, Sendable, Codable { case attaching, attached, detaching, detached, busy }
        package var instance: InstanceID
        package var deviceName: String
        package var state: State
        package var attachedAt: Timestamp
        package var deleteOnTermination: Bool
        /// The launch of the instance that it was plugged into while the guest ran; nil: the guest was booted with it.
        package var pluggedLaunch: Int?
        /// When the guest was first asked to let go.
        package var detachingSince: Timestamp?
        /// Whether the volume is to be taken from a guest that does not let go.
        package var isForced: Bool?
        package init(
            instance: InstanceID, deviceName: String, state: State, attachedAt: Timestamp, deleteOnTermination: Bool
        ) {
            (self.instance, self.deviceName, self.state) = (instance, deviceName, state)
            (self.attachedAt, self.deleteOnTermination) = (attachedAt, deleteOnTermination)
        }
    }

    package init(
        id: VolumeID, account: AccountID, availabilityZone: String, sizeGiB: Int, volumeType: String,
        snapshot: SnapshotID?, createdAt: Timestamp
    ) {
        (self.id, self.account, self.availabilityZone) = (id, account, availabilityZone)
        (self.sizeGiB, self.volumeType, self.snapshot) = (sizeGiB, volumeType, snapshot)
        self.createdAt = createdAt
    }

    package var isEncrypted: Bool { keyID != nil }

    /// Whether its bytes are, or may be, in its snapshot alone.
    package var needsSnapshot: Bool { isFilled == false }

    package var indexKeys: [IndexKey] {
        attachments.map { IndexKey(.instance, $0.instance) } + (snapshot.map { [IndexKey(.snapshot, $0)] } ?? [])
    }
}
