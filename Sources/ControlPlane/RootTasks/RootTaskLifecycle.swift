// Which step brings the replacement of a root volume on: decided from the records, nothing else.
// Does no I/O; `RootTaskReconciler` carries out what is decided here.
// Follows: EC2 API Reference, "ReplaceRootVolumeTask".

internal import CloudTypes

//  pending ─new volume made─▶ in-progress ─guest off, places changed, guest runs─▶ succeeded
//     └──────── instance or volume gone ────────▶ failing ─new volume gone─▶ failed
package enum RootTaskStep: Sendable, Equatable {
    case settled
    /// The new volume is made: have the guest shut down.
    case begin
    /// The guest is off: the new volume takes the place of the old.
    case swap
    case succeed
    /// The instance or the new volume is not as it has to be; the old root stays where it is.
    case giveUp
    case discardVolume
    case fail
    /// The change of the instance or the volume brings it back.
    case await
}

package struct RootTaskLifecycle: Sendable {
    private let task: RootTaskRecord
    private let state: CloudState

    package init(_ task: RootTaskRecord, in state: CloudState) { (self.task, self.state) = (task, state) }

    package var step: RootTaskStep {
        switch task.state {
        case .succeeded, .failed: .settled
        case .pending: pendingStep
        case .inProgress: task.replaced == nil ? swapStep : endStep
        case .failing: failingStep
        }
    }

    private var runningInstance: InstanceRecord? {
        state.instances[task.instance].flatMap { $0.state == .running ? $0 : nil }
    }

    private var pendingStep: RootTaskStep {
        guard let instance = runningInstance, let volume = state.volumes[task.volume], volume.state == .creating else {
            return .giveUp
        }
        return volume.isRealised && instance.pause == nil ? .begin : .await
    }

    private var swapStep: RootTaskStep {
        guard let instance = runningInstance, state.volumes[task.volume]?.state == .creating else { return .giveUp }
        return switch instance.pause {
        case .shuttingDown: .await
        case .off: state.rootVolume(of: instance) == nil ? .giveUp : .swap
        case .resuming, nil: .giveUp
        }
    }

    /// One that is stopped or terminated before it ran again has its new root all the same.
    private var endStep: RootTaskStep { runningInstance?.pause == nil ? .succeed : .await }

    private var failingStep: RootTaskStep {
        guard let volume = state.volumes[task.volume] else { return .fail }
        return volume.state == .deleting ? .await : .discardVolume
    }
}

extension CloudState {
    /// The volume at the instance's root device.
    package func rootVolume(of instance: InstanceRecord) -> VolumeRecord? {
        volumes.all(where: IndexKey(.instance, instance.id)).first { volume in
            volume.attachments.contains {
                $0.instance == instance.id && $0.deviceName == instance.rootDeviceName
            }
        }
    }
}
