// Carries each volume towards its record: looks, asks `VolumeLifecycle` for the next step, does it, and looks again.
// Every step may be repeated: after a crash the same questions give the same answers.

package import CloudTypes
internal import Logging
package import NodeContract
import Synchronization

package struct VolumeReconciler: Sendable {
    /// Seconds a guest is asked to let go of a volume before the volume is said to be busy; it is asked on all the same.
    static let detachPatience = 30.0
    /// Seconds until a filling that failed is asked for again.
    private static let fillRepeat = 30.0
    /// Seconds until a guest that did not let go is asked again.
    private static let detachRepeat = 10.0

    private let cloud: Cloud
    private let node: any Node
    private let turns = Turns<VolumeID>()
    private let doubts = Doubts()
    private let pauses = Pauses()

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    /// Makes the volume's bytes exist, and lets what is being done to them come to an end.
    package func ensure(_ id: VolumeID) async throws(NodeError) {
        try await turns.perform(id) { () throws(NodeError) in
            guard let volume = cloud.records.volumes[id], !volume.isRealised, volume.state != .deleting else { return }
            try await makeBytes(of: volume)
        }
    }

    /// A guest may not have the volume that its record says it has.
    ///
    /// - Parameter instance: whose guest; nil: any.
    func doubt(_ id: VolumeID, in instance: InstanceID? = nil) {
        let instances = instance.map { [$0] } ?? cloud.records.volumes[id]?.attachments.map(\.instance) ?? []
        for instance in instances { doubts.insert(id, instance) }
    }

    /// The filling of the volume failed.
    func putOffFilling(_ id: VolumeID) { pauses.set(id, until: cloud.now.adding(seconds: VolumeReconciler.fillRepeat)) }

    /// One step for the volume, and the next, until it is as wanted or has to wait.
    func work(_ id: VolumeID) async -> WorkOutcome {
        while !Task.isCancelled {
            var outcome: WorkOutcome?
            do throws(NodeError) {
                // Decided inside the turn: a launch that waits for it finds the world as decided.
                try await turns.perform(id) { () throws(NodeError) in
                    guard let volume = cloud.records.volumes[id] else { return outcome = .settled }
                    let lifecycle = VolumeLifecycle(volume, in: cloud.records, doubts: doubts.instances(of: id))
                    outcome = try await carryOut(lifecycle.step, volume)
                }
            } catch {
                return await fail(id, error)
            }
            if let outcome { return outcome }
        }
        return .settled
    }

    /// Returns nil where the next step may follow at once.
    private func carryOut(_ step: VolumeStep, _ volume: VolumeRecord) async throws(NodeError) -> WorkOutcome? {
        let id = volume.id
        switch step {
        case .settled, .awaitGuest: return .settled
        case .create:
            try await makeBytes(of: volume)
            return await write(volume) { volume in
                volume.isRealised = true
                if volume.state == .creating, volume.rootTask == nil {
                    volume.state = volume.attachments.isEmpty ? .available : .inUse
                }
            }
        case .remove:
            // The bytes first, then the record: a crash between the two removes nothing twice and forgets nothing.
            try await node.deleteVolume(id)
            return await transact(volume) { $0.removeVolume(id) }
        case .abandon: return await transact(volume) { $0.abandonCopy(id) }
        case .plug(let attachment, let run):
            try await node.attachVolume(GuestSpec.Disk(volume, as: attachment), to: run)
            doubts.remove(id, run.instance)
            return await change(attachment, of: volume) { if $0.state == .attaching { $0.state = .attached } }
        case .unplug(let attachment, let run): return try await unplug(attachment, of: volume, run)
        case .grow(let modification, let run):
            if modification.target.sizeGiB > modification.original.sizeGiB {
                try await node.growVolume(id, toGiB: modification.target.sizeGiB, in: run)
            }
            return await write(volume) { volume in
                guard volume.modification == modification else { return }
                volume.modification?.state = .optimizing
                volume.figures = modification.target
            }
        case .fill(let run):
            if let end = pauses.end(of: id, after: cloud.now) { return .lookAgain(at: end) }
            guard try await node.fillVolume(VolumeSpec(of: volume, in: cloud.records), in: run) else { return .settled }
            return await transact(volume) { $0.noteFilled(id) }
        case .limit(let modification, let run):
            if let run {
                try await node.limitVolume(id, to: VolumePerformance(modification.target).limits, in: run)
            }
            let now = cloud.now
            return await write(volume) { volume in
                guard volume.modification == modification else { return }
                volume.modification?.state = .completed
                volume.modification?.endedAt = now
            }
        }
    }

    private func makeBytes(of volume: VolumeRecord) async throws(NodeError) {
        try await node.ensureVolume(VolumeSpec(of: volume, in: cloud.records))
    }

    private func unplug(
        _ attachment: VolumeRecord.Attachment, of volume: VolumeRecord, _ run: GuestRun
    ) async throws(NodeError) -> WorkOutcome? {
        let isGone = try await node.detachVolume(volume.id, from: run, force: attachment.isForced == true)
        if isGone {
            doubts.remove(volume.id, run.instance)
            return await transact(volume) { $0.release(volume.id, from: run.instance) }
        }
        let deadline = (attachment.detachingSince ?? cloud.now).adding(seconds: VolumeReconciler.detachPatience)
        if attachment.state == .detaching, cloud.now >= deadline {
            return await change(attachment, of: volume) { if $0.state == .detaching { $0.state = .busy } }
        }
        return .lookAgain(at: cloud.now.adding(seconds: VolumeReconciler.detachRepeat))
    }

    private func fail(_ id: VolumeID, _ error: NodeError) async -> WorkOutcome {
        guard let volume = cloud.records.volumes[id] else { return .settled }
        switch error {
        case .noSuchSnapshot(let snapshot):
            cloud.log.error(
                "a volume's snapshot is not here", metadata: ["volume": "\(id)", "snapshot": "\(snapshot)"])
            if let outcome = await write(volume, { if $0.state == .creating { $0.state = .error } }) { return outcome }
            return cloud.records.volumes[id]?.isSettled ?? true
                ? .settled : .lookAgain(at: cloud.now.adding(seconds: 2))
        case .noSuchGuest:
            // It ends or has ended, and its record is about to tell.
            return .lookAgain(at: cloud.now.adding(seconds: 1))
        case .insufficientCapacity, .noSuchImage, .instanceStoreLost, .momentLost, .damagedSnapshot, .hostFailed:
            cloud.log.error("a volume could not be made so", metadata: ["volume": "\(id)", "error": "\(error)"])
            return .lookAgain(at: cloud.now.adding(seconds: 2))
        }
    }

    // MARK: writing

    private func change(
        _ attachment: VolumeRecord.Attachment, of volume: VolumeRecord,
        _ change: @escaping @Sendable (inout VolumeRecord.Attachment) -> Void
    ) async -> WorkOutcome? {
        await write(volume) { volume in
            for place in volume.attachments.indices where volume.attachments[place].instance == attachment.instance {
                change(&volume.attachments[place])
            }
        }
    }

    private func write(
        _ volume: VolumeRecord, _ change: @escaping @Sendable (inout VolumeRecord) -> Void
    ) async -> WorkOutcome? {
        await transact(volume) { transaction in
            guard var current = transaction.state.volumes[volume.id] else { return }
            let before = current
            change(&current)
            if current != before { transaction.put(current) }
        }
    }

    /// Returns nil where the next step may follow.
    private func transact(
        _ volume: VolumeRecord, _ change: @Sendable (inout Transaction) -> Void
    ) async -> WorkOutcome? {
        do {
            try await cloud.transact(as: .system(for: volume.account)) { transaction throws(EC2Error) in
                change(&transaction)
            }
            return nil
        } catch {
            cloud.log.error("a volume's record could not be written", metadata: ["volume": "\(volume.id)"])
            return .lookAgain(at: cloud.now.adding(seconds: 1))
        }
    }
}

/// Volumes whose places in guests have to be looked at.
private final class Doubts: Sendable {
    private let places = Mutex<[VolumeID: Set<InstanceID>]>([:])
    func insert(_ id: VolumeID, _ instance: InstanceID) {
        places.withLock { _ = $0[id, default: []].insert(instance) }
    }
    func remove(_ id: VolumeID, _ instance: InstanceID) {
        places.withLock { places in
            places[id]?.remove(instance)
            if places[id]?.isEmpty == true { places[id] = nil }
        }
    }
    func instances(of id: VolumeID) -> Set<InstanceID> { places.withLock { $0[id] ?? [] } }
}

/// Volumes that are left alone for a while.
private final class Pauses: Sendable {
    private let ends = Mutex<[VolumeID: Timestamp]>([:])
    func set(_ id: VolumeID, until end: Timestamp) { ends.withLock { $0[id] = end } }

    /// nil where the pause is over, or never was.
    func end(of id: VolumeID, after now: Timestamp) -> Timestamp? {
        ends.withLock { ends in
            if let end = ends[id], end > now { return end }
            ends[id] = nil
            return nil
        }
    }
}
