// Carries each image that is being made towards its record. All that it does is written in records: snapshots and
// instances are brought on by reconcilers of their own.

package import CloudTypes
internal import Logging

struct ImageReconciler: Sendable {
    private let cloud: Cloud

    init(cloud: Cloud) { self.cloud = cloud }

    func work(_ id: ImageID) async -> WorkOutcome {
        while !Task.isCancelled {
            let state = cloud.records
            guard let image = state.images[id] else { return .settled }
            switch ImageLifecycle(image, in: state).step(at: cloud.now) {
            case .settled, .await: return .settled
            case .awaitMoments(let deadline): return .lookAgain(at: deadline)
            case .resume, .abandon, .becomeAvailable, .fail:
                if let outcome = await advance(image) { return outcome }
            }
        }
        return .settled
    }

    /// Decides again inside the transaction: what was seen may have changed. Returns nil where the next step may follow.
    private func advance(_ image: ImageRecord) async -> WorkOutcome? {
        do {
            try await cloud.transact(as: .system(for: image.account)) { transaction throws(EC2Error) in
                transaction.advanceImage(image.id)
            }
            return nil
        } catch {
            cloud.log.error("an image's record could not be written", metadata: ["image": "\(image.id)"])
            return .lookAgain(at: cloud.now.adding(seconds: 1))
        }
    }
}

extension Transaction {
    /// Takes the next step of an image that is being made, as far as records go.
    package mutating func advanceImage(_ id: ImageID) {
        guard var image = state.images[id] else { return }
        switch ImageLifecycle(image, in: state).step(at: now) {
        case .settled, .await, .awaitMoments: return
        case .resume(let instance): return resume(instance)
        case .abandon(let snapshots):
            for snapshot in snapshots {
                update(snapshot, SnapshotRecord.self) { snapshot in
                    snapshot.state = .error
                    snapshot.stateMessage = "The volume's state could not be captured in time."
                }
            }
            return
        case .becomeAvailable: image.state = .available
        case .fail(let reason): (image.state, image.failure) = (.failed, reason)
        }
        put(image)
    }
}
