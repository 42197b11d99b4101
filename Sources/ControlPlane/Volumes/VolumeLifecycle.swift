// Which step brings a volume nearer to what is wanted: decided from the records, nothing else.
// Does no I/O; `VolumeReconciler` carries out what is decided here.
// Follows: EC2 API Reference, "VolumeAttachment"; EBS User Guide, "Amazon EBS volume lifecycle".

internal import CloudTypes
package import NodeContract

package enum VolumeStep: Sendable, Equatable {
    case settled
    /// Make the bytes exist.
    case create
    case remove
    /// It can never be what it was to be a copy of.
    case abandon
    /// The guest runs and has to get the disk.
    case plug(VolumeRecord.Attachment, GuestRun)
    /// The guest runs and has to let go.
    case unplug(VolumeRecord.Attachment, GuestRun)
    /// Make the bytes as many as the modification wants.
    case grow(VolumeModification, in: GuestRun?)
    /// Let the guest do what the modification wants.
    case limit(VolumeModification, in: GuestRun?)
    /// Have its snapshot read into it.
    case fill(in: GuestRun?)
    /// A guest is on its way up or down, or a snapshot is being stored: the change of its record brings the volume back here.
    case awaitGuest
}

package struct VolumeLifecycle: Sendable {
    private let volume: VolumeRecord
    private let state: CloudState
    /// Whether a guest that is said to have the volume may not have it.
    private let isDoubtful: Bool

    package init(_ volume: VolumeRecord, in state: CloudState, isDoubtful: Bool = false) {
        (self.volume, self.state, self.isDoubtful) = (volume, state, isDoubtful)
    }

    package var step: VolumeStep {
        switch volume.state {
        case .error: .settled
        case .deleting: state.isNeeded(volume) ? .awaitGuest : .remove
        case .creating: volume.isRealised ? .settled : createStep
        case .available, .inUse: volume.isRealised ? attachmentStep ?? modificationStep : .create
        }
    }

    /// A copy waits for the bytes of its source's moment.
    private var createStep: VolumeStep {
        guard volume.source != nil else { return .create }
        return switch volume.snapshot.flatMap({ state.snapshots[$0]?.state }) {
        case .pending: .awaitGuest
        case .completed: .create
        case .error, .recoverable, .deleting, nil: .abandon
        }
    }

    private var attachmentStep: VolumeStep? {
        for attachment in volume.attachments {
            switch attachment.state {
            case .attaching: return withGuest(of: attachment) { .plug(attachment, $0) }
            case .detaching, .busy: return withGuest(of: attachment) { .unplug(attachment, $0) }
            case .attached:
                guard isDoubtful, let run = run(of: attachment) else { continue }
                return .plug(attachment, run)
            case .detached: continue
            }
        }
        return nil
    }

    private var modificationStep: VolumeStep {
        let modification = volume.modification.flatMap { $0.isUnderWay ? $0 : nil }
        guard modification != nil || volume.needsSnapshot else { return .settled }
        let attachment = volume.attachments.first
        var guest: GuestRun?
        if let attachment, let instance = state.instances[attachment.instance] {
            switch instance.diskHolder {
            case .guest(let run): guest = run
            case .nobody: break
            case .changing: return .awaitGuest
            }
        }
        switch modification?.state {
        case .modifying: return modification.map { .grow($0, in: guest) } ?? .settled
        case .optimizing: return modification.map { .limit($0, in: guest) } ?? .settled
        case .completed, nil: return .fill(in: guest)
        }
    }

    private func withGuest(
        of attachment: VolumeRecord.Attachment, _ step: (GuestRun) -> VolumeStep
    ) -> VolumeStep {
        run(of: attachment).map(step) ?? .awaitGuest
    }

    private func run(of attachment: VolumeRecord.Attachment) -> GuestRun? {
        guard case .guest(let run) = state.instances[attachment.instance]?.diskHolder else { return nil }
        return run
    }
}

extension VolumeRecord {
    /// Whether the record tells that there is nothing to do.
    var isSettled: Bool {
        switch state {
        case .creating, .deleting: false
        case .available, .inUse:
            isRealised && !needsSnapshot && attachments.allSatisfy { $0.state == .attached }
                && modification?.isUnderWay != true
        case .error: true
        }
    }
}
