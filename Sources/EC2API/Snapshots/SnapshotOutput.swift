// A snapshot as EC2 shows it, and what it can be filtered by.
// Source: EC2 API Reference, "Snapshot", "SnapshotInfo", "DescribeSnapshots".

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.Snapshot {
    init(_ snapshot: SnapshotRecord, in state: CloudState, settings: CloudSettings) {
        self.init()
        (snapshotID, volumeID) = (snapshot.id.description, snapshot.shownVolume)
        (ownerID, ownerAlias) = (snapshot.account.description, state.ownerAlias(of: snapshot))
        (description, volumeSize) = (snapshot.description, snapshot.sizeGiB)
        self.state = EC2.SnapshotState(rawValue: snapshot.state.rawValue)
        (stateMessage, progress) = (snapshot.stateMessage, snapshot.shownProgress)
        (startTime, completionTime) = (snapshot.startedAt, snapshot.shownCompletion)
        fullSnapshotSizeInBytes = snapshot.fullBytes
        encrypted = snapshot.isEncrypted
        kmsKeyID = snapshot.keyID.map { settings.arn(ofKey: $0, account: snapshot.account) }
        (storageTier, tags) = (.standard, EC2.Tag.list(snapshot.tags))
        if let minutes = snapshot.completionMinutes {
            (transferType, completionDurationMinutes) = (.timeBased, minutes)
        } else if snapshot.isCopy {
            transferType = .standard
        }
    }
}

extension EC2.SnapshotInfo {
    init(_ snapshot: SnapshotRecord) {
        self.init(
            description: snapshot.description, tags: EC2.Tag.list(snapshot.tags), encrypted: snapshot.isEncrypted,
            volumeID: snapshot.shownVolume, state: EC2.SnapshotState(rawValue: snapshot.state.rawValue),
            volumeSize: snapshot.sizeGiB, startTime: snapshot.startedAt, progress: snapshot.shownProgress,
            ownerID: snapshot.account.description, snapshotID: snapshot.id.description)
    }
}

extension SnapshotRecord {
    /// What is of no volume shows one that does not exist, as on AWS.
    var shownVolume: String { volume?.description ?? "vol-ffffffff" }

    var shownProgress: String {
        switch state {
        case .completed, .recoverable, .deleting: "100%"
        case .pending, .error: progress.map { "\($0)%" } ?? ""
        }
    }

    /// What the operator brought in was whole when it came.
    var shownCompletion: Timestamp? { state == .completed ? completedAt ?? startedAt : nil }

    var isCopy: Bool { if case .copy = origin { true } else { false } }
}

enum SnapshotFilters {
    static let table = FilterTable<SnapshotRecord>(
        [
            "description": { snapshot, _ in [snapshot.description] },
            "encrypted": { snapshot, _ in ["\(snapshot.isEncrypted)"] },
            "owner-alias": { snapshot, state in state.ownerAlias(of: snapshot).map { [$0] } ?? [] },
            "owner-id": { snapshot, _ in [snapshot.account.description] },
            "progress": { snapshot, _ in [snapshot.shownProgress] },
            "snapshot-id": { snapshot, _ in [snapshot.id.description] },
            "start-time": { snapshot, _ in [snapshot.startedAt.description] },
            "status": { snapshot, _ in [snapshot.state.rawValue] },
            "storage-tier": { _, _ in ["standard"] },
            "transfer-type": { snapshot, _ in
                snapshot.completionMinutes != nil ? ["time-based"] : snapshot.isCopy ? ["standard"] : []
            },
            "volume-id": { snapshot, _ in [snapshot.shownVolume] },
            "volume-size": { snapshot, _ in ["\(snapshot.sizeGiB)"] },
        ], tags: \.tags)
}
