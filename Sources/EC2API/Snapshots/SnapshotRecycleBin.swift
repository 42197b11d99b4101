// The recycle bin as EC2 shows it: what was deleted and is kept by a retention rule.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ListSnapshotsInRecycleBin`
enum ListSnapshotsInRecycleBin: RecordAction {
    typealias Operation = EC2.Operation.ListSnapshotsInRecycleBin

    static func perform(
        _ input: EC2.ListSnapshotsInRecycleBinRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ListSnapshotsInRecycleBinResult {
        try Pagination.check(input, atLeast: 5)
        let named: [SnapshotRecord] = try Lookup.owned(input.snapshotIDs, in: transaction)
        let missing = input.snapshotIDs.isEmpty ? [] : named.filter { $0.state != .recoverable }.map(\.id)
        guard missing.isEmpty else { throw .notFound(missing) }
        let binned = named.filter { $0.state == .recoverable }
        let page = try Pagination.page(binned, for: input) { $0.id.description }
        return EC2.ListSnapshotsInRecycleBinResult(
            snapshots: page.items.map { snapshot in
                EC2.SnapshotRecycleBinInfo(
                    snapshotID: snapshot.id.description, recycleBinEnterTime: snapshot.binStay?.enteredAt,
                    recycleBinExitTime: snapshot.binStay?.leavesAt, description: snapshot.description,
                    volumeID: snapshot.shownVolume)
            }, nextToken: page.nextToken)
    }
}

/// `RestoreSnapshotFromRecycleBin`
enum RestoreSnapshotFromRecycleBin: RecordAction {
    typealias Operation = EC2.Operation.RestoreSnapshotFromRecycleBin

    static func perform(
        _ input: EC2.RestoreSnapshotFromRecycleBinRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.RestoreSnapshotFromRecycleBinResult {
        let snapshot = try transaction.restoreSnapshot(Lookup.id(input.snapshotID))
        return EC2.RestoreSnapshotFromRecycleBinResult(
            snapshotID: snapshot.id.description, description: snapshot.description, encrypted: snapshot.isEncrypted,
            ownerID: snapshot.account.description, progress: snapshot.shownProgress, startTime: snapshot.startedAt,
            state: EC2.SnapshotState(rawValue: snapshot.state.rawValue), volumeID: snapshot.shownVolume,
            volumeSize: snapshot.sizeGiB)
    }
}

/// `ListImagesInRecycleBin`
enum ListImagesInRecycleBin: RecordAction {
    typealias Operation = EC2.Operation.ListImagesInRecycleBin

    static func perform(
        _ input: EC2.ListImagesInRecycleBinRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ListImagesInRecycleBinResult {
        try Pagination.check(input, atLeast: 1)
        let named: [ImageRecord] = try Lookup.owned(input.imageIDs, in: transaction)
        let missing = input.imageIDs.isEmpty ? [] : named.filter { $0.binStay == nil }.map(\.id)
        guard missing.isEmpty else { throw .notFound(missing) }
        let page = try Pagination.page(named.filter { $0.binStay != nil }, for: input) { $0.id.description }
        return EC2.ListImagesInRecycleBinResult(
            images: page.items.map { image in
                EC2.ImageRecycleBinInfo(
                    imageID: image.id.description, name: image.name, description: image.description,
                    recycleBinEnterTime: image.binStay?.enteredAt, recycleBinExitTime: image.binStay?.leavesAt)
            }, nextToken: page.nextToken)
    }
}

/// `RestoreImageFromRecycleBin`
enum RestoreImageFromRecycleBin: RecordAction {
    typealias Operation = EC2.Operation.RestoreImageFromRecycleBin

    static func perform(
        _ input: EC2.RestoreImageFromRecycleBinRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.RestoreImageFromRecycleBinResult {
        try transaction.restoreImage(Lookup.id(input.imageID))
        return EC2.RestoreImageFromRecycleBinResult(return: true)
    }
}
