// Storage tiers of snapshots: there is one. What would move a snapshot to another is refused, never pretended.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeSnapshotTierStatus`: all are in the standard tier and never left it.
enum DescribeSnapshotTierStatus: RecordAction {
    typealias Operation = EC2.Operation.DescribeSnapshotTierStatus

    static func perform(
        _ input: EC2.DescribeSnapshotTierStatusRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeSnapshotTierStatusResult {
        try Pagination.check(input, atLeast: 5)
        let all = transaction.state.snapshots.all(of: transaction.account).filter { $0.isListed }
        let selected = try filters.select(all, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) { $0.id.description }
        return EC2.DescribeSnapshotTierStatusResult(
            snapshotTierStatuses: page.items.map { snapshot in
                EC2.SnapshotTierStatus(
                    snapshotID: snapshot.id.description, volumeID: snapshot.shownVolume,
                    status: EC2.SnapshotState(rawValue: snapshot.state.rawValue),
                    ownerID: snapshot.account.description, tags: EC2.Tag.list(snapshot.tags), storageTier: .standard)
            }, nextToken: page.nextToken)
    }

    private static let filters = FilterTable<SnapshotRecord>([
        "last-tiering-operation": { _, _ in [] },
        "snapshot-id": { snapshot, _ in [snapshot.id.description] },
        "volume-id": { snapshot, _ in [snapshot.shownVolume] },
    ])
}

/// `ModifySnapshotTier`: refused, since this cloud has no archive that would be cheaper.
enum ModifySnapshotTier: RecordAction {
    typealias Operation = EC2.Operation.ModifySnapshotTier

    static func perform(
        _ input: EC2.ModifySnapshotTierRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifySnapshotTierResult {
        _ = try transaction.ownSnapshot(Lookup.id(input.snapshotID))
        throw .unsupported("This cloud has no archive tier: every snapshot is in the standard tier.")
    }
}

/// `RestoreSnapshotTier`: refused, since nothing is archived.
enum RestoreSnapshotTier: RecordAction {
    typealias Operation = EC2.Operation.RestoreSnapshotTier

    static func perform(
        _ input: EC2.RestoreSnapshotTierRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.RestoreSnapshotTierResult {
        let snapshot = try transaction.ownSnapshot(Lookup.id(input.snapshotID))
        throw EC2Error("IncorrectState", "The snapshot '\(snapshot.id)' is not archived.")
    }
}
