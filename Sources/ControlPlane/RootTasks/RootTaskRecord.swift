// Replacements of root volumes as the store keeps them.

package import CloudTypes

package struct RootTaskRecord: TaggedRecord, Equatable {
    package static let kind = "replace-root-volume-task"
    package static let table: TablePath<Self> = \.rootTasks

    package var id: RootTaskID
    package var account: AccountID
    package var instance: InstanceID
    /// The new root.
    package var volume: VolumeID
    /// The image that the caller named.
    package var image: ImageID?
    /// What the new root begins as.
    package var snapshot: SnapshotID
    package var deletesReplaced = false
    package var startedAt: Timestamp
    package var completedAt: Timestamp?
    package var state: State = .pending
    /// The root that was there before; nil until the two have changed places.
    package var replaced: VolumeID?
    package var tags: [String: String] = [:]

    package enum State: String, Sendable, Codable {
        case pending, failing, succeeded, failed
        case inProgress = "in-progress"

        package var isFinal: Bool {
            switch self {
            case .succeeded, .failed: true
            case .pending, .inProgress, .failing: false
            }
        }
    }

    package init(
        id: RootTaskID, account: AccountID, instance: InstanceID, volume: VolumeID, snapshot: SnapshotID,
        startedAt: Timestamp
    ) {
        (self.id, self.account, self.instance) = (id, account, instance)
        (self.volume, self.snapshot, self.startedAt) = (volume, snapshot, startedAt)
    }

    package var indexKeys: [IndexKey] { [IndexKey(.instance, instance)] }
}
