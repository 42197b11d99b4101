import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeSnapshots`: what is the caller's own, public, or shared with the caller.
enum DescribeSnapshots: RecordAction {
    typealias Operation = EC2.Operation.DescribeSnapshots

    static func perform(
        _ input: EC2.DescribeSnapshotsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeSnapshotsResult {
        try Pagination.refusePage(input, besides: input.snapshotIDs, "snapshotSet")
        try Pagination.check(input, atLeast: 5)
        var owners: [SnapshotOwner] = []
        for text in input.ownerIDs { owners.append(try SnapshotOwner(text, transaction.account)) }
        var users: [SnapshotUser] = []
        for text in input.restorableByUserIDs { users.append(try SnapshotUser(text, transaction.account)) }
        let state = transaction.state
        var snapshots = try candidates(input, transaction).map { $0.shown(to: transaction.account) }
        snapshots = snapshots.filter { snapshot in
            (owners.isEmpty || owners.contains { $0.owns(snapshot, state) })
                && (users.isEmpty || users.contains { $0.mayRestore(snapshot, state) })
        }
        snapshots = try SnapshotFilters.table.select(snapshots, by: input.filters, in: state)
        let page = try Pagination.page(snapshots, for: input) { $0.id.description }
        let settings = transaction.settings
        return EC2.DescribeSnapshotsResult(
            nextToken: page.nextToken,
            snapshots: page.items.map { EC2.Snapshot($0, in: state, settings: settings) })
    }

    /// In the order of their ids.
    private static func candidates(
        _ input: EC2.DescribeSnapshotsRequest, _ transaction: Transaction
    ) throws(EC2Error) -> [SnapshotRecord] {
        let (state, account) = (transaction.state, transaction.account)
        let table = state.snapshots
        guard !input.snapshotIDs.isEmpty else {
            let isOwn = !input.ownerIDs.isEmpty && input.ownerIDs.allSatisfy { $0 == "self" }
            let all = isOwn ? table.all(of: account) : table.all
            return all.filter { $0.isVisible(to: account, in: state) }.sorted { $0.id < $1.id }
        }
        var snapshots: [SnapshotRecord] = []
        var missing: [SnapshotID] = []
        for id in try Lookup.ids(input.snapshotIDs, SnapshotKind.self) {
            if let snapshot = table[id], snapshot.isVisible(to: account, in: state) {
                snapshots.append(snapshot)
            } else {
                missing.append(id)
            }
        }
        guard missing.isEmpty else { throw .notFound(missing) }
        return snapshots.sorted { $0.id < $1.id }
    }
}

extension SnapshotRecord {
    /// Without what is the owner's alone: tags.
    fileprivate func shown(to account: AccountID) -> SnapshotRecord {
        guard self.account != account else { return self }
        var snapshot = self
        snapshot.tags = [:]
        return snapshot
    }
}

/// One value of `OwnerIds`: an account, oneself, or an alias.
private enum SnapshotOwner {
    case account(String)
    case alias(String)

    /// - Throws: `InvalidUserID.Malformed`.
    init(_ text: String, _ caller: AccountID) throws(EC2Error) {
        switch text {
        case "self": self = .account(caller.description)
        case "amazon": self = .alias(text)
        default:
            guard AccountID(text) != nil else { throw .malformedSnapshotUser(text) }
            self = .account(text)
        }
    }

    func owns(_ snapshot: SnapshotRecord, _ state: CloudState) -> Bool {
        switch self {
        case .account(let id): snapshot.account.description == id
        case .alias(let alias): state.ownerAlias(of: snapshot) == alias
        }
    }
}

/// One value of `RestorableByUserIds`: everybody, or an account that may make volumes from the snapshot.
private enum SnapshotUser {
    case everybody
    case account(AccountID)

    /// - Throws: `InvalidUserID.Malformed`.
    init(_ text: String, _ caller: AccountID) throws(EC2Error) {
        switch text {
        case "all": self = .everybody
        case "self": self = .account(caller)
        default:
            guard let account = AccountID(text) else { throw .malformedSnapshotUser(text) }
            self = .account(account)
        }
    }

    func mayRestore(_ snapshot: SnapshotRecord, _ state: CloudState) -> Bool {
        switch self {
        case .everybody: snapshot.isOpenToAll(in: state)
        case .account(let id): snapshot.account == id || snapshot.sharedWith?.contains(id) == true
        }
    }
}

extension EC2Error {
    static func malformedSnapshotUser(_ text: String) -> EC2Error {
        EC2Error("InvalidUserID.Malformed", "Invalid user id: \"\(text)\"")
    }
}
