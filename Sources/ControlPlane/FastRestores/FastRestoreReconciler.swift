// Carries each fast snapshot restore towards its record: looks, asks `FastRestoreLifecycle` for the next step, does it, and
// looks again. Every step may be repeated.

internal import CloudTypes
internal import Logging
internal import NodeContract

struct FastRestoreReconciler: Sendable {
    private let cloud: Cloud
    private let node: any Node
    private let turns = Turns<SnapshotID>()

    init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    func work(_ id: String) async -> WorkOutcome {
        while !Task.isCancelled {
            guard let snapshot = cloud.records.fastRestores[id]?.snapshot else { return .settled }
            var outcome: WorkOutcome?
            do throws(NodeError) {
                // Decided inside the turn: several stand on the same bytes, and one must not let go of what another needs.
                try await turns.perform(snapshot) { () throws(NodeError) in
                    guard let record = cloud.records.fastRestores[id] else { return outcome = .settled }
                    outcome = try await carryOut(FastRestoreLifecycle(record, in: cloud.records).step, record)
                }
            } catch {
                cloud.log.error(
                    "a snapshot could not be made ready", metadata: ["snapshot": "\(snapshot)", "error": "\(error)"])
                return .lookAgain(at: cloud.now.adding(seconds: 10))
            }
            if let outcome { return outcome }
        }
        return .settled
    }

    /// Returns nil where the next step may follow at once.
    private func carryOut(
        _ step: FastRestoreStep, _ record: FastRestoreRecord
    ) async throws(NodeError) -> WorkOutcome? {
        switch step {
        case .settled, .await: return .settled
        case .enter(let state): return await enter(state, record)
        case .prepare(let snapshot):
            try await node.prepareSnapshot(snapshot)
            return await enter(.enabled, record)
        case .release(let snapshot):
            try await node.releaseSnapshot(snapshot)
            return await enter(.disabled, record)
        }
    }

    private func enter(_ state: FastRestoreRecord.State, _ record: FastRestoreRecord) async -> WorkOutcome? {
        do {
            try await cloud.transact(as: .system(for: record.account)) { transaction throws(EC2Error) in
                guard var current = transaction.state.fastRestores[record.id], current.state == record.state else {
                    return
                }
                current.enter(state, at: transaction.now)
                transaction.put(current)
            }
            return nil
        } catch {
            cloud.log.error(
                "a fast restore's record could not be written", metadata: ["snapshot": "\(record.snapshot)"])
            return .lookAgain(at: cloud.now.adding(seconds: 1))
        }
    }
}
