// The stored snapshots of a real host, as its operator looks after them.

import Backends
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
    func collect(dryRun: Bool, in cloud: Cloud) async throws -> CollectionReport
}

/// What `apus gc` tells.
struct CollectionReport: Codable, Sendable {
    var storedBytes: Int
    var unusedBytes: Int
    var unusedBlocks: Int
    /// nil: nothing was to be given back.
    var freedBytes: Int?
    /// The flat files that volumes of images stand on.
    var bases: [Base]?

    struct Base: Codable, Sendable {
        var snapshotId: String
        /// On the disk.
        var bytes: Int
        /// Whether the same bytes are stored as blocks too.
        var isSecondCopy: Bool
        var volumes: [String]
        /// Those that have volumes of it.
        var instances: [String]
        /// Those whose next instances begin with it.
        var images: [String]
        /// What gives the space back; nil: instances need it.
        var advice: String?
    }
}

struct HostSnapshots: SnapshotKeeper {
    let store: SnapshotStore
    let volumes: any VolumeBackend

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

    func collect(dryRun: Bool, in cloud: Cloud) async throws -> CollectionReport {
        let (all, unused) = try await store.space()
        var report = CollectionReport(
            storedBytes: all.bytes, unusedBytes: unused.bytes, unusedBlocks: unused.blocks, freedBytes: nil)
        let records = cloud.records
        report.bases = try await volumes.baseUses().map { use in
            let images = records.images.all(where: IndexKey(.snapshot, use.snapshot)).map(\.id.description).sorted()
            let instances = Set(use.volumes.flatMap { records.volumes[$0]?.attachments.map(\.instance) ?? [] })
            return CollectionReport.Base(
                use, isSecondCopy: store.contains(use.snapshot), instances: instances.sorted().map(\.description),
                images: images)
        }
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
        case .noSuchGuest, .noSuchImage, .instanceStoreLost, .momentLost: error
        }
    }
}

extension CollectionReport.Base {
    init(_ use: BaseUse, isSecondCopy: Bool, instances: [String], images: [String]) {
        (snapshotId, bytes) = (use.snapshot.description, use.bytes)
        (self.isSecondCopy, self.instances, self.images) = (isSecondCopy, instances, images)
        volumes = use.volumes.map(\.description)
        guard instances.isEmpty else { return }
        var steps: [String] = []
        if !images.isEmpty { steps.append("deregister \(images.joined(separator: ", "))") }
        if !volumes.isEmpty { steps.append("delete \(volumes.joined(separator: ", "))") }
        advice = (steps + ["delete \(snapshotId)"]).joined(separator: ", ")
    }
}
