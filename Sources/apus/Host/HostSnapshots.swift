// The stored snapshots of a real host, as its operator looks after them.

import CloudTypes
import ControlPlane
import NodeAgent
import NodeContract

/// Looks after snapshots' bytes.
protocol SnapshotKeeper: Sendable {
    func verify(_ snapshot: SnapshotBytes) async throws -> SnapshotCheck
    func export(_ snapshot: SnapshotBytes, to path: String) async throws
    /// Returns the new snapshot's record.
    func `import`(
        _ path: String, description: String, owner: AccountID, in cloud: Cloud
    ) async throws -> SnapshotRecord
    func collect(dryRun: Bool) async throws -> CollectionReport
}

/// What `apus gc` tells.
struct CollectionReport: Codable, Sendable {
    var storedBytes: Int
    var unusedBytes: Int
    var unusedBlocks: Int
    /// nil: nothing was to be given back.
    var freedBytes: Int?
}

struct HostSnapshots: SnapshotKeeper {
    let store: SnapshotStore

    func verify(_ snapshot: SnapshotBytes) async throws -> SnapshotCheck {
        do { return try await store.verify(snapshot) } catch { throw HostSnapshots.told(error) }
    }

    func export(_ snapshot: SnapshotBytes, to path: String) async throws {
        do { try await store.export(snapshot, to: path) } catch { throw HostSnapshots.told(error) }
    }

    func `import`(
        _ path: String, description: String, owner: AccountID, in cloud: Cloud
    ) async throws -> SnapshotRecord {
        var generator = SystemRandomNumberGenerator()
        let id = SnapshotID(from: &generator)
        let (snapshot, bytes): (SnapshotBytes, Int)
        let stored: StoredSnapshot
        do throws(NodeError) {
            (snapshot, bytes) = try await store.import(id, from: path)
            stored = try await store.figures(of: snapshot)
        } catch {
            throw HostSnapshots.told(error)
        }
        do {
            let keyOwner = snapshot.key.flatMap { cloud.records.encryptionKeys[$0.description]?.account }
            guard keyOwner ?? owner == owner else {
                throw CommandFailure(
                    "The file is sealed with a key of the account \(keyOwner ?? owner): take it in there.")
            }
            return try await cloud.transact(as: .system(for: owner)) { transaction throws(EC2Error) in
                try transaction.takeInSnapshot(
                    id, sizeGiB: max(1, (bytes + (1 << 30) - 1) >> 30), fullBytes: stored.fullBytes,
                    description: description, keyID: snapshot.key?.description)
            }
        } catch {
            // Bytes that no record wants.
            try? await store.remove(id)
            throw error
        }
    }

    func collect(dryRun: Bool) async throws -> CollectionReport {
        let (all, unused) = try await store.space()
        var report = CollectionReport(
            storedBytes: all.bytes, unusedBytes: unused.bytes, unusedBlocks: unused.blocks, freedBytes: nil)
        if !dryRun { report.freedBytes = try await store.collectNow().bytes }
        return report
    }

    /// The reason in words for the operator.
    private static func told(_ error: NodeError) -> any Error {
        switch error {
        case .noSuchSnapshot(let id):
            CommandFailure(
                "\(id) has no stored blocks; an image that was brought in has them once they are first asked for.")
        case .damagedSnapshot(let id, let place): CommandFailure("\(id) is damaged: \(place)")
        case .insufficientCapacity(let text), .hostFailed(let text): CommandFailure(text)
        case .noSuchGuest, .noSuchImage, .momentLost: error
        }
    }
}
