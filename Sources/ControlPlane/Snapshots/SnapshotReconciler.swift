// Carries each snapshot towards its record: looks, asks `SnapshotLifecycle` for the next step, does it, and looks again.
// Every step may be repeated: after a crash the same questions give the same answers.

internal import CloudTypes
internal import Logging
package import NodeContract

package struct SnapshotReconciler: Sendable {
    private let cloud: Cloud
    private let node: any Node

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    /// One step for the snapshot, and the next, until it is as wanted or has to wait.
    func work(_ id: SnapshotID) async -> WorkOutcome {
        while !Task.isCancelled {
            guard let snapshot = cloud.records.snapshots[id] else { return await forget(id) }
            do throws(NodeError) {
                let step = SnapshotLifecycle(snapshot, in: cloud.records).step
                if let outcome = try await carryOut(step, snapshot) { return outcome }
            } catch {
                if let outcome = await fail(snapshot, error) { return outcome }
            }
        }
        return .settled
    }

    /// The node tells how much of a pending snapshot is stored.
    func note(_ percent: Int, of id: SnapshotID) async {
        guard let snapshot = cloud.records.snapshots[id], snapshot.state == .pending,
            percent > snapshot.progress ?? 0
        else { return }
        _ = await write([snapshot]) { $0.progress = max($0.progress ?? 0, percent) }
    }

    /// Returns nil where the next step may follow at once.
    private func carryOut(_ step: SnapshotStep, _ snapshot: SnapshotRecord) async throws(NodeError) -> WorkOutcome? {
        switch step {
        case .settled, .await: return .settled
        case .hold(let specs, let guests):
            try await node.holdMoment(of: specs, in: guests)
            return await write(specs.compactMap { cloud.records.snapshots[$0.id] }) { $0.isMomentHeld = true }
        case .store(let spec): return await complete(snapshot, with: try await node.storeSnapshot(spec))
        case .copy(let source, let copy):
            return await complete(snapshot, with: try await node.copySnapshot(source, to: copy))
        case .receive(let bytes, let sizeGiB, let parent, let deadline):
            guard cloud.now < deadline else { return try await end(snapshot, SnapshotReconciler.writeTimeout) }
            try await node.beginSnapshot(bytes, sizeGiB: sizeGiB, parent: parent)
            return .lookAgain(at: deadline)
        case .seal(let bytes): return await complete(snapshot, with: try await node.completeSnapshot(bytes))
        case .fail(let reason): return try await end(snapshot, reason)
        case .remove:
            // The bytes first, then the record: a crash between the two removes nothing twice and forgets nothing.
            try await node.deleteSnapshot(snapshot.id)
            return await transact(snapshot) { $0.delete(snapshot.id, SnapshotRecord.self) }
        }
    }

    private func complete(_ snapshot: SnapshotRecord, with stored: StoredSnapshot) async -> WorkOutcome? {
        let now = cloud.now
        return await write([snapshot]) { snapshot in
            guard snapshot.state == .pending else { return }
            (snapshot.state, snapshot.progress, snapshot.completedAt) = (.completed, 100, now)
            snapshot.fullBytes = stored.fullBytes
        }
    }

    private static let writeTimeout = "No block was written for as long as the snapshot was to wait."

    /// Its bytes are not to be had: what there is of them goes, and the record says why.
    private func end(_ snapshot: SnapshotRecord, _ reason: String) async throws(NodeError) -> WorkOutcome? {
        try await node.deleteSnapshot(snapshot.id)
        return await write([snapshot]) { snapshot in
            guard snapshot.state == .pending else { return }
            (snapshot.state, snapshot.stateMessage) = (.error, reason)
        }
    }

    /// What no record wants: a crash came between its bytes and its record.
    private func forget(_ id: SnapshotID) async -> WorkOutcome {
        guard !cloud.isUnreadable(id, SnapshotRecord.self) else { return .settled }
        do throws(NodeError) { try await node.deleteSnapshot(id) } catch {
            cloud.log.error("bytes of no snapshot are left", metadata: ["snapshot": "\(id)", "error": "\(error)"])
            return .lookAgain(at: cloud.now.adding(seconds: 60))
        }
        return .settled
    }

    private func fail(_ snapshot: SnapshotRecord, _ error: NodeError) async -> WorkOutcome? {
        cloud.log.error(
            "a snapshot could not be made so", metadata: ["snapshot": "\(snapshot.id)", "error": "\(error)"])
        let reason: String
        switch error {
        case .momentLost:
            reason = "The instance's host lost the data of this moment before it was stored."
        case .noSuchSnapshot(let id): reason = "The data of \(id) is not there."
        case .damagedSnapshot(let id, _): reason = "The data of \(id) is damaged."
        case .noSuchGuest, .insufficientCapacity, .noSuchImage, .instanceStoreLost, .hostFailed:
            return .lookAgain(at: cloud.now.adding(seconds: 2))
        }
        guard snapshot.state == .pending else { return .lookAgain(at: cloud.now.adding(seconds: 60)) }
        do throws(NodeError) { return try await end(snapshot, reason) } catch {
            return .lookAgain(at: cloud.now.adding(seconds: 2))
        }
    }

    // MARK: writing

    private func write(
        _ snapshots: [SnapshotRecord], _ change: @escaping @Sendable (inout SnapshotRecord) -> Void
    ) async -> WorkOutcome? {
        guard let first = snapshots.first else { return .settled }
        return await transact(first) { transaction in
            for snapshot in snapshots {
                guard var current = transaction.state.snapshots[snapshot.id] else { continue }
                let before = current
                change(&current)
                if current != before { transaction.put(current) }
            }
        }
    }

    /// Returns nil where the next step may follow.
    private func transact(
        _ snapshot: SnapshotRecord, _ change: @Sendable (inout Transaction) -> Void
    ) async -> WorkOutcome? {
        do {
            try await cloud.transact(as: .system(for: snapshot.account)) { transaction throws(EC2Error) in
                change(&transaction)
            }
            return nil
        } catch {
            cloud.log.error("a snapshot's record could not be written", metadata: ["snapshot": "\(snapshot.id)"])
            return .lookAgain(at: cloud.now.adding(seconds: 1))
        }
    }
}
