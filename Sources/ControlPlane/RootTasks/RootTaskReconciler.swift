// Carries each replacement of a root volume on. All that it does is written in records: volumes and instances are brought
// on by reconcilers of their own.

package import CloudTypes
internal import Logging

struct RootTaskReconciler: Sendable {
    private let cloud: Cloud

    init(cloud: Cloud) { self.cloud = cloud }

    func work(_ id: RootTaskID) async -> WorkOutcome {
        while !Task.isCancelled {
            let state = cloud.records
            guard let task = state.rootTasks[id] else { return .settled }
            switch RootTaskLifecycle(task, in: state).step {
            case .settled, .await: return .settled
            case .begin, .swap, .succeed, .giveUp, .discardVolume, .fail:
                if let outcome = await advance(task) { return outcome }
            }
        }
        return .settled
    }

    /// Decides again inside the transaction: what was seen may have changed. Returns nil where the next step may follow.
    private func advance(_ task: RootTaskRecord) async -> WorkOutcome? {
        do {
            try await cloud.transact(as: .system(for: task.account)) { transaction throws(EC2Error) in
                transaction.advanceRootTask(task.id)
            }
            return nil
        } catch {
            cloud.log.error("a replacement's record could not be written", metadata: ["task": "\(task.id)"])
            return .lookAgain(at: cloud.now.adding(seconds: 1))
        }
    }
}

extension Transaction {
    /// Takes the next step of the replacement of a root volume.
    package mutating func advanceRootTask(_ id: RootTaskID) {
        guard var task = state.rootTasks[id] else { return }
        switch RootTaskLifecycle(task, in: state).step {
        case .settled, .await: return
        case .begin:
            task.state = .inProgress
            pause(task.instance)
        case .swap:
            task.replaced = swapRoots(task)
            resume(task.instance)
        case .succeed: (task.state, task.completedAt) = (.succeeded, now)
        case .giveUp:
            task.state = .failing
            resume(task.instance)
        case .discardVolume: update(task.volume, VolumeRecord.self) { $0.state = .deleting }
        case .fail: (task.state, task.completedAt) = (.failed, now)
        }
        put(task)
    }

    /// Returns the volume that was the root.
    private mutating func swapRoots(_ task: RootTaskRecord) -> VolumeID? {
        guard let instance = state.instances[task.instance], var old = state.rootVolume(of: instance),
            var new = state.volumes[task.volume],
            let attachment = old.attachments.first(where: { $0.instance == instance.id })
        else { return nil }
        old.attachments.removeAll { $0.instance == instance.id }
        if old.attachments.isEmpty { old.state = task.deletesReplaced ? .deleting : .available }
        (new.state, new.rootTask, new.attachments) = (
            .inUse, nil,
            [
                VolumeRecord.Attachment(
                    instance: instance.id, deviceName: instance.rootDeviceName, state: .attached, attachedAt: now,
                    deleteOnTermination: attachment.deleteOnTermination)
            ]
        )
        put(old)
        put(new)
        if let image = task.image { update(instance.id, InstanceRecord.self) { $0.image = image } }
        return old.id
    }
}
