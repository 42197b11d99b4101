// Snapshots as the caller of the direct APIs may use them, and what the node's refusals mean there.

import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// The unit of the direct APIs: 512 KiB.
enum SnapshotBlocks {
    static let byteCount = 524_288

    /// How many a snapshot has.
    static func count(of snapshot: SnapshotRecord) -> Int { snapshot.sizeGiB * 2_048 }
}

enum SnapshotLookup {
    /// The snapshot, if the caller may see it.
    ///
    /// - Throws: `ResourceNotFoundException`.
    static func visible(_ id: String, to account: AccountID, in state: CloudState) throws(EC2Error) -> SnapshotRecord {
        guard let snapshot = SnapshotID(id).flatMap({ state.snapshots[$0] }),
            snapshot.isVisible(to: account, in: state)
        else { throw EBS.Refusal.resourceNotFound(.snapshotNotFound, "The snapshot '\(id)' does not exist.") }
        return snapshot
    }

    /// One whose blocks can be read.
    static func readable(_ id: String, by account: AccountID, in state: CloudState) throws(EC2Error) -> SnapshotRecord {
        let snapshot = try visible(id, to: account, in: state)
        guard snapshot.state == .completed else {
            throw EBS.Refusal.validation(
                .invalidSnapshotID, "The snapshot '\(id)' is not completed: it is \(snapshot.state.rawValue).")
        }
        return snapshot
    }

    /// The caller's own that was begun by `StartSnapshot`.
    ///
    /// - Throws: `ResourceNotFoundException`, `AccessDeniedException` for another account's, `ValidationException` for
    ///   one that waited too long for blocks or was made otherwise.
    static func writable(_ id: String, by account: AccountID, in state: CloudState) throws(EC2Error) -> SnapshotRecord {
        let snapshot = try visible(id, to: account, in: state)
        guard snapshot.account == account else {
            throw EBS.Refusal.accessDenied(
                .unauthorizedAccount, "The snapshot '\(id)' belongs to another account.")
        }
        guard case .blocks = snapshot.origin else {
            throw EBS.Refusal.validation(
                .invalidSnapshotID, "The snapshot '\(id)' was not started by StartSnapshot.")
        }
        guard snapshot.state != .error else {
            throw EBS.Refusal.validation(
                .writeRequestTimeout, "No block was written to the snapshot '\(id)' within its timeout.")
        }
        return snapshot
    }

    /// Why the node could not read or write: what the caller can do nothing about.
    static func refusal(of error: NodeError) -> EC2Error {
        EC2Error(
            "InternalServerException", "An internal error has occurred.", httpStatus: 500, logged: "\(error)")
    }
}

extension Node {
    /// Asks the node about a snapshot that was begun, or begins it: its reconciler may not have come to it yet.
    func whenBegun<Result: Sendable>(
        _ snapshot: SnapshotRecord, _ ask: () async throws(NodeError) -> Result
    ) async throws(EC2Error) -> Result {
        do {
            do {
                return try await ask()
            } catch .noSuchSnapshot(snapshot.id) {
                try await beginSnapshot(snapshot.bytes, sizeGiB: snapshot.sizeGiB, parent: snapshot.parent)
                return try await ask()
            }
        } catch {
            throw SnapshotLookup.refusal(of: error)
        }
    }
}

extension EBS.Status {
    init(_ state: SnapshotRecord.State) {
        switch state {
        case .pending: self = .pending
        case .error: self = .error
        case .completed, .recoverable, .deleting: self = .completed
        }
    }
}
