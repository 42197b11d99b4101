// Carries each volume towards its record: made where it is wanted, removed where it is not.

package import CloudTypes
internal import Logging
package import NodeContract

package struct VolumeReconciler: Sendable {
    private let cloud: Cloud
    private let node: any Node

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    /// Makes the volume's bytes exist.
    package func ensure(_ id: VolumeID) async throws(NodeError) {
        guard let volume = cloud.records.volumes[id], !volume.isRealised else { return }
        try await node.ensureVolume(VolumeSpec(id: id, sizeGiB: volume.sizeGiB, snapshot: volume.snapshot))
    }

    /// Makes the volume's bytes exist and tells so in its record.
    package func realise(_ id: VolumeID) async throws(NodeError) {
        guard let volume = cloud.records.volumes[id], !volume.isRealised else { return }
        try await ensure(id)
        await write(volume) { transaction in
            transaction.update(id, VolumeRecord.self) { volume in
                volume.isRealised = true
                if volume.state == .creating { volume.state = volume.attachments.isEmpty ? .available : .inUse }
            }
        }
    }

    func work(_ id: VolumeID) async -> WorkOutcome {
        guard let volume = cloud.records.volumes[id] else { return .settled }
        do {
            switch volume.state {
            case .creating: try await realise(id)
            case .deleting: try await remove(volume)
            case .available, .inUse, .error: break
            }
            return .settled
        } catch .noSuchSnapshot(let snapshot) {
            cloud.log.error(
                "a volume's snapshot is not here", metadata: ["volume": "\(id)", "snapshot": "\(snapshot)"])
            await write(volume) { $0.update(id, VolumeRecord.self) { $0.state = .error } }
            return .settled
        } catch {
            cloud.log.error("a volume could not be made so", metadata: ["volume": "\(id)", "error": "\(error)"])
            return .lookAgain(at: cloud.now.adding(seconds: 2))
        }
    }

    /// The bytes first, then the record: a crash between the two removes nothing twice and forgets nothing.
    private func remove(_ volume: VolumeRecord) async throws(NodeError) {
        try await node.deleteVolume(volume.id)
        await write(volume) { $0.delete(volume.id, VolumeRecord.self) }
    }

    private func write(_ volume: VolumeRecord, _ change: (inout Transaction) -> Void) async {
        do {
            try await cloud.transact(as: .system(for: volume.account)) { transaction throws(EC2Error) in
                change(&transaction)
            }
        } catch {
            cloud.log.error("a volume's record could not be written", metadata: ["volume": "\(volume.id)"])
        }
    }
}
