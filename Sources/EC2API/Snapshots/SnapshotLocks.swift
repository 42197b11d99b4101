// Locks of snapshots.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `LockSnapshot`
enum LockSnapshot: RecordAction {
    typealias Operation = EC2.Operation.LockSnapshot

    static func perform(
        _ input: EC2.LockSnapshotRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.LockSnapshotResult {
        var order = SnapshotLockOrder(mode: input.lockMode == .compliance ? .compliance : .governance)
        (order.coolOffHours, order.durationDays) = (input.coolOffPeriod, input.lockDuration)
        order.expiresAt = input.expirationDate
        let id: SnapshotID = try Lookup.id(input.snapshotID)
        let lock = try transaction.lock(id, order)
        return EC2.LockSnapshotResult(
            snapshotID: id.description, lockState: EC2.LockState(lock.state(at: transaction.now)),
            lockDuration: lock.shownDays, coolOffPeriod: lock.coolOffHours, coolOffPeriodExpiresOn: lock.coolOffEndsAt,
            lockCreatedOn: lock.createdAt, lockExpiresOn: lock.expiresAt, lockDurationStartTime: lock.createdAt)
    }
}

/// `UnlockSnapshot`
enum UnlockSnapshot: RecordAction {
    typealias Operation = EC2.Operation.UnlockSnapshot

    static func perform(
        _ input: EC2.UnlockSnapshotRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.UnlockSnapshotResult {
        let id: SnapshotID = try Lookup.id(input.snapshotID)
        try transaction.unlock(id)
        return EC2.UnlockSnapshotResult(snapshotID: id.description)
    }
}

/// `DescribeLockedSnapshots`: the caller's own that have, or had, a lock.
enum DescribeLockedSnapshots: RecordAction {
    typealias Operation = EC2.Operation.DescribeLockedSnapshots

    static func perform(
        _ input: EC2.DescribeLockedSnapshotsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeLockedSnapshotsResult {
        try Pagination.check(input, atLeast: 5)
        let now = transaction.now
        let named: [SnapshotRecord] = try Lookup.owned(input.snapshotIDs, in: transaction)
        let locked = named.filter { $0.lock != nil && $0.isListed }.map { EC2.LockedSnapshotsInfo($0, at: now) }
        let selected = try filters.select(locked, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) { $0.snapshotID ?? "" }
        return EC2.DescribeLockedSnapshotsResult(snapshots: page.items, nextToken: page.nextToken)
    }

    private static let filters = FilterTable<EC2.LockedSnapshotsInfo>([
        "lock-state": { item, _ in item.lockState.map { [$0.rawValue] } ?? [] }
    ])
}

extension EC2.LockedSnapshotsInfo {
    fileprivate init(_ snapshot: SnapshotRecord, at now: Timestamp) {
        let lock = snapshot.lock
        self.init(
            ownerID: snapshot.account.description, snapshotID: snapshot.id.description,
            lockState: lock.map { EC2.LockState($0.state(at: now)) }, lockDuration: lock?.shownDays,
            coolOffPeriod: lock?.coolOffHours, coolOffPeriodExpiresOn: lock?.coolOffEndsAt,
            lockCreatedOn: lock?.createdAt, lockDurationStartTime: lock?.createdAt, lockExpiresOn: lock?.expiresAt)
    }
}

extension EC2.LockState {
    fileprivate init(_ state: SnapshotLock.State) {
        switch state {
        case .governance: self = .governance
        case .coolingOff: self = .complianceCooloff
        case .compliance: self = .compliance
        case .expired: self = .expired
        }
    }
}

extension SnapshotLock {
    /// Whole days, also where the caller named the moment.
    fileprivate var shownDays: Int {
        durationDays ?? Int((expiresAt.milliseconds - createdAt.milliseconds + 86_399_999) / 86_400_000)
    }
}
