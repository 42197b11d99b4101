// Carries each volume towards its record: made where it is wanted, removed where it is not.

package import CloudTypes
internal import Logging
package import NodeContract

package struct VolumeReconciler: Sendable {
    private let cloud: Cloud
    private let node: any Node
    private let turns = Turns<VolumeID>()

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    /// Makes the volume's bytes exist.
    package func ensure(_ id: VolumeID) async throws(NodeError) {
        try await turns.perform(id) { () throws(NodeError) in try await makeBytes(of: id) }
    }

    /// Makes the volume's bytes exist and tells so in its record.
    private func realise(_ id: VolumeID) async throws(NodeError) {
        try await turns.perform(id) { () throws(NodeError) in
            guard let volume = try await makeBytes(of: id) else { return }
            await write(volume) { transaction in
                transaction.update(id, VolumeRecord.self) { volume in
                    volume.isRealised = true
                    if volume.state == .creating { volume.state = volume.attachments.isEmpty ? .available : .inUse }
                }
            }
        }
    }

    /// Returns nil where they exist already or are not wanted.
    @discardableResult
    private func makeBytes(of id: VolumeID) async throws(NodeError) -> VolumeRecord? {
        guard let volume = cloud.records.volumes[id], !volume.isRealised, volume.state != .deleting else { return nil }
        try await node.ensureVolume(VolumeSpec(id: id, sizeGiB: volume.sizeGiB, snapshot: volume.snapshot))
        return volume
    }

    func work(_ id: VolumeID) async -> WorkOutcome {
        guard let volume = cloud.records.volumes[id] else { return .settled }
        do {
            switch volume.state {
            case .creating, .available, .inUse: if !volume.isRealised { try await realise(id) }
            case .deleting: try await remove(id)
            case .error: break
            }
            return isSettled(id) ? .settled : .lookAgain(at: cloud.now.adding(seconds: 1))
        } catch .noSuchSnapshot(let snapshot) {
            cloud.log.error(
                "a volume's snapshot is not here", metadata: ["volume": "\(id)", "snapshot": "\(snapshot)"])
            await write(volume) { transaction in
                transaction.update(id, VolumeRecord.self) { if $0.state == .creating { $0.state = .error } }
            }
            return isSettled(id) ? .settled : .lookAgain(at: cloud.now.adding(seconds: 2))
        } catch {
            cloud.log.error("a volume could not be made so", metadata: ["volume": "\(id)", "error": "\(error)"])
            return .lookAgain(at: cloud.now.adding(seconds: 2))
        }
    }

    private func isSettled(_ id: VolumeID) -> Bool { cloud.records.volumes[id]?.isSettled ?? true }

    /// The bytes first, then the record: a crash between the two removes nothing twice and forgets nothing.
    private func remove(_ id: VolumeID) async throws(NodeError) {
        try await turns.perform(id) { () throws(NodeError) in
            guard let volume = cloud.records.volumes[id], volume.state == .deleting else { return }
            try await node.deleteVolume(id)
            await write(volume) { $0.delete(id, VolumeRecord.self) }
        }
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

extension VolumeRecord {
    /// Whether the record tells that there is nothing to do.
    var isSettled: Bool {
        switch state {
        case .creating, .deleting: false
        case .available, .inUse: isRealised
        case .error: true
        }
    }
}
