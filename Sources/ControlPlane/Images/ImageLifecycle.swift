// Which step brings an image nearer to what is wanted: decided from the records, nothing else.
// Does no I/O; `ImageReconciler` carries out what is decided here.
// Follows: EC2 User Guide, "AMI lifecycle and states".

package import CloudTypes

//  pending ─all snapshots stored─▶ available
//     └────── a snapshot lost ───▶ failed
package enum ImageStep: Sendable, Equatable {
    case settled
    /// All moments are held, or never will be: the guest may run again.
    case resume(InstanceID)
    /// The guest has been off for too long: these snapshots get no moment any more.
    case abandon([SnapshotID])
    /// The guest is off, and not for longer than until then.
    case awaitMoments(until: Timestamp)
    case becomeAvailable
    case fail(String)
    /// The change of a snapshot or an instance brings it back.
    case await
}

package struct ImageLifecycle: Sendable {
    private let image: ImageRecord
    private let state: CloudState

    package init(_ image: ImageRecord, in state: CloudState) { (self.image, self.state) = (image, state) }

    package func step(at now: Timestamp) -> ImageStep {
        guard image.state == .pending else { return .settled }
        return momentStep(at: now) ?? storeStep
    }

    /// nil while the guest of the instance is not off.
    private func momentStep(at now: Timestamp) -> ImageStep? {
        guard image.pausesInstance == true, let id = image.sourceInstance,
            case .off(let since) = state.instances[id]?.pause
        else { return nil }
        // Several images may be made of one pause.
        let siblings = state.images.all(where: IndexKey(.instance, id)).filter { $0.pausesInstance == true }
        let waiting = siblings.flatMap(snapshots).filter { $0.state == .pending && $0.isMomentHeld == false }
        guard !waiting.isEmpty else { return .resume(id) }
        let deadline = since.adding(seconds: GuestPause.longest)
        return now < deadline ? .awaitMoments(until: deadline) : .abandon(waiting.map(\.id).sorted())
    }

    private var storeStep: ImageStep {
        for id in image.blockDevices.compactMap({ $0.ebs?.snapshot }) {
            switch state.snapshots[id]?.state {
            case .completed: continue
            case .pending: return .await
            case .error:
                let reason = state.snapshots[id]?.stateMessage.map { ": \($0)" } ?? "."
                return .fail("The snapshot \(id) could not be completed\(reason)")
            case .recoverable, .deleting, nil: return .fail("The snapshot \(id) is not there any more.")
            }
        }
        return .becomeAvailable
    }

    private func snapshots(of image: ImageRecord) -> [SnapshotRecord] {
        image.blockDevices.compactMap { $0.ebs?.snapshot.flatMap { state.snapshots[$0] } }
    }
}
