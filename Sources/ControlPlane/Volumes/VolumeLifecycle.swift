// Which step brings a volume nearer to what is wanted: decided from the records, nothing else.
// Does no I/O; `VolumeReconciler` carries out what is decided here.
// Follows: EC2 API Reference, "VolumeAttachment"; EBS User Guide, "Amazon EBS volume lifecycle".

package import CloudTypes
package import NodeContract

package enum VolumeStep: Sendable, Equatable {
    case settled
    /// Make the bytes exist.
    case create
    case remove
    /// It can never have all of what it was to be a copy of.
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
    /// The instances whose guests are said to have the volume and may not have it.
    private let doubts: Set<InstanceID>

    package init(_ volume: VolumeRecord, in state: CloudState, doubts: Set<InstanceID> = []) {
        (self.volume, self.state, self.doubts) = (volume, state, doubts)
    }

    package var step: VolumeStep {
        if volume.state != .deleting, isMomentLost { return .abandon }
        return switch volume.state {
        case .error: .settled
        case .deleting: state.isNeeded(volume) ? .awaitGuest : .remove
        case .creating: volume.isRealised ? .settled : createStep
        case .available, .inUse: volume.isRealised ? attachmentStep ?? modificationStep : .create
        }
    }

    private var isMomentLost: Bool {
        guard volume.source != nil, volume.needsSnapshot else { return false }
        return switch volume.snapshot.flatMap({ state.snapshots[$0]?.state }) {
        case .pending, .completed: false
        case .error, .recoverable, .deleting, nil: true
        }
    }

    /// A copy waits until its source's moment is held, and until it is stored where it is held by a guest that itself reads
    /// another such moment.
    private var createStep: VolumeStep {
        guard let moment = volume.source.flatMap({ _ in volume.snapshot }).flatMap({ state.snapshots[$0] }) else {
            return .create
        }
        guard moment.state == .pending else { return .create }
        let holders = moment.volume.flatMap { state.volumes[$0] }?.attachments.map(\.instance) ?? []
        return moment.isMomentHeld == true && !holders.contains(where: state.readsMoments) ? .create : .awaitGuest
    }

    /// No guest waits for another: one that does not let go comes last.
    private var attachmentStep: VolumeStep? {
        let steps = volume.attachments.compactMap { step(for: $0) }
        return steps.first { if case .plug = $0 { true } else { false } } ?? steps.first { $0 != .awaitGuest }
            ?? steps.first
    }

    private func step(for attachment: VolumeRecord.Attachment) -> VolumeStep? {
        switch attachment.state {
        case .attaching:
            state.closesCircle(volume, in: attachment.instance)
                ? .awaitGuest : withGuest(of: attachment) { .plug(attachment, $0) }
        case .detaching, .busy: withGuest(of: attachment) { .unplug(attachment, $0) }
        case .attached:
            doubts.contains(attachment.instance) ? run(of: attachment).map { .plug(attachment, $0) } : nil
        case .detached: nil
        }
    }

    private var modificationStep: VolumeStep {
        let modification = volume.modification.flatMap { $0.isUnderWay ? $0 : nil }
        guard modification != nil || volume.needsSnapshot else { return .settled }
        let guest: GuestRun?
        switch state.holder(of: volume) {
        case .guest(let run): guest = run
        case .nobody: guest = nil
        case .changing: return .awaitGuest
        }
        switch modification?.state {
        case .modifying: return modification.map { .grow($0, in: guest) } ?? .settled
        case .optimizing: return modification.map { .limit($0, in: guest) } ?? .settled
        // The bytes of a moment come into a copy from the store.
        case .completed, nil: return state.isMomentUnstored(of: volume) ? .awaitGuest : .fill(in: guest)
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

extension CloudState {
    /// Who has the volume's bytes open; of several guests any of those that run.
    ///
    /// - Parameter areSettled: whether only guests count that the volume is not on its way to or from.
    func holder(of volume: VolumeRecord, areSettled: Bool = false) -> DiskHolder {
        let counted = volume.attachments.filter { !areSettled || $0.state == .attached }
        let holders = counted.compactMap { instances[$0.instance]?.diskHolder }
        return holders.first { if case .guest = $0 { true } else { false } }
            ?? holders.first { $0 == .changing } ?? .nobody
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
