// The operator's orders about snapshots, and how a running Apus answers them.

import CloudTypes
import ControlPlane
import FoundationEssentials
import NodeAgent
import NodeContract

/// Any order about snapshots; what an order needs is given.
struct SnapshotOrders: Codable, Sendable {
    var snapshotId: String?
    var path: String?
    var description: String?
    var dryRun: Bool?
    /// Whose an imported snapshot is to be.
    var accountId: String?
}

/// A snapshot as `apus snapshots list` shows it.
struct SnapshotLine: Codable, Sendable {
    var snapshotId: String
    var accountId: String
    var sizeGiB: Int
    var state: String
    var description: String
    /// Whether it is among the stored blocks; an image that was brought in is a file until its blocks are asked for.
    var isStored: Bool

    init(_ snapshot: SnapshotRecord) {
        (snapshotId, accountId) = (snapshot.id.description, snapshot.account.description)
        (sizeGiB, state) = (snapshot.sizeGiB, snapshot.state.rawValue)
        (description, isStored) = (snapshot.description, snapshot.origin != nil)
    }
}

struct VerifyLine: Codable, Sendable {
    var snapshotId: String
    var blocks: Int
    var damagedBlocks: [Int]
}

extension OperatorService {
    static let noBlocks = "A simulated cloud stores no snapshots."

    func snapshotList() -> [SnapshotLine] {
        cloud.records.snapshots.all.filter { $0.state != .deleting }.sorted { $0.id < $1.id }.map(SnapshotLine.init)
    }

    func verifySnapshot(_ body: [UInt8]) async throws -> VerifyLine {
        let (keeper, snapshot, _) = try snapshotOrder(body)
        let check = try await keeper.verify(snapshot.bytes)
        return VerifyLine(snapshotId: snapshot.id.description, blocks: check.blocks, damagedBlocks: check.damaged)
    }

    func exportSnapshot(_ body: [UInt8]) async throws -> SnapshotLine {
        let (keeper, snapshot, order) = try snapshotOrder(body)
        guard let path = order.path else { throw CommandFailure("No file was named.") }
        try await keeper.export(snapshot.bytes, to: path)
        return SnapshotLine(snapshot)
    }

    func importSnapshot(_ body: [UInt8]) async throws -> SnapshotLine {
        guard let snapshots else { throw CommandFailure(Self.noBlocks) }
        let order = try JSONDecoder().decode(SnapshotOrders.self, from: Data(body))
        guard let path = order.path else { throw CommandFailure("No file was named.") }
        guard let owner = order.accountId.flatMap({ AccountID($0) }), cloud.records.accounts[owner] != nil else {
            throw CommandFailure("There is no account '\(order.accountId ?? "")'.")
        }
        return SnapshotLine(
            try await snapshots.import(path, description: order.description ?? "", owner: owner, in: cloud))
    }

    func collectGarbage(_ body: [UInt8]) async throws -> CollectionReport {
        guard let snapshots else { throw CommandFailure(Self.noBlocks) }
        let order = try JSONDecoder().decode(SnapshotOrders.self, from: Data(body))
        return try await snapshots.collect(dryRun: order.dryRun ?? false, in: cloud)
    }

    private func snapshotOrder(
        _ body: [UInt8]
    ) throws -> (keeper: any SnapshotKeeper, snapshot: SnapshotRecord, order: SnapshotOrders) {
        guard let snapshots else { throw CommandFailure(Self.noBlocks) }
        let order = try JSONDecoder().decode(SnapshotOrders.self, from: Data(body))
        let text = order.snapshotId ?? ""
        guard let id = SnapshotID(text), let snapshot = cloud.records.snapshots[id] else {
            throw CommandFailure("There is no snapshot '\(text)'.")
        }
        return (snapshots, snapshot, order)
    }
}
