// Which step brings a snapshot nearer to what is wanted: decided from the records, nothing else.
// Does no I/O; `SnapshotReconciler` carries out what is decided here.
// Follows: EBS User Guide, "Amazon EBS snapshot lifecycle".

package import CloudTypes
package import NodeContract

//  pending ─moment held─▶ pending ─bytes stored─▶ completed ─delete─▶ deleting ─nobody reads it─▶ (gone)
//     └───────────────── moment or bytes lost ──▶ error ────────────────┘
package enum SnapshotStep: Sendable, Equatable {
    case settled
    /// Hold one moment of these volumes, which guests have, or nobody.
    case hold([SnapshotSpec], in: [VolumeID: GuestRun])
    case store(SnapshotSpec)
    case copy(from: SnapshotBytes, to: SnapshotBytes)
    /// Begin it, for its blocks to come until then.
    case receive(SnapshotBytes, sizeGiB: Int, parent: SnapshotID?, until: Timestamp)
    /// All blocks were put: make them a snapshot.
    case seal(SnapshotBytes)
    /// What it is made of is not there any more.
    case fail(String)
    case remove
    /// Something else has to come first: a guest, a volume, another snapshot. The change of its record brings it back.
    case await
}

package struct SnapshotLifecycle: Sendable {
    private let snapshot: SnapshotRecord
    private let state: CloudState

    package init(_ snapshot: SnapshotRecord, in state: CloudState) { (self.snapshot, self.state) = (snapshot, state) }

    package var step: SnapshotStep {
        switch snapshot.state {
        case .completed, .error, .recoverable: .settled
        case .deleting: state.isRead(snapshot.id) ? .await : .remove
        case .pending: pendingStep
        }
    }

    private var pendingStep: SnapshotStep {
        switch snapshot.origin {
        case .volume: return snapshot.isMomentHeld == true ? storeStep : holdStep
        case .copy(let id):
            guard let source = state.snapshots[id] else { return .fail("The snapshot \(id) is not there any more.") }
            return .copy(from: source.bytes, to: snapshot.bytes)
        case .blocks(let areComplete):
            guard !areComplete else { return .seal(snapshot.bytes) }
            guard let writing = snapshot.writing else { return .fail("It is not known who puts it together.") }
            return .receive(
                snapshot.bytes, sizeGiB: snapshot.sizeGiB, parent: snapshot.parent, until: writing.deadline)
        case nil: return .settled
        }
    }

    /// The first of the snapshots of one moment holds it for all.
    private var holdStep: SnapshotStep {
        let companions = (snapshot.companions ?? [snapshot.id]).compactMap { state.snapshots[$0] }
        let waiting = companions.filter { $0.state == .pending && $0.isMomentHeld == false }
        guard waiting.first?.id == snapshot.id else { return .await }
        var guests: [VolumeID: GuestRun] = [:]
        var specs: [SnapshotSpec] = []
        for one in waiting {
            guard let volume = one.volume.flatMap({ state.volumes[$0] }) else {
                return .fail("The volume of \(one.id) is not there any more.")
            }
            switch Whereabouts(of: volume, in: state) {
            case .onTheWay: return .await
            case .free: break
            case .inGuest(let run): guests[volume.id] = run
            }
            specs.append(one.spec(of: volume.id))
        }
        return .hold(specs, in: guests)
    }

    /// Snapshots of a volume are stored in the order of their moments: each takes over from the one before.
    private var storeStep: SnapshotStep {
        guard snapshot.copy == nil else { return stepOfCopy }
        let others = snapshot.volume.map { state.snapshots.all(where: IndexKey(.volume, $0)) } ?? []
        let isNext = !others.contains { $0.isStoring && $0.copy == nil && $0.number ?? 0 < snapshot.number ?? 0 }
        guard isNext else { return .await }
        guard let volume = snapshot.volume else { return .fail("It is not known of which volume it is.") }
        return .store(snapshot.spec(of: volume))
    }

    /// A copy's moment stands outside of that order: what serves the copy cannot wait for others.
    private var stepOfCopy: SnapshotStep {
        guard let volume = snapshot.volume else { return .fail("It is not known of which volume it is.") }
        return .store(snapshot.spec(of: volume))
    }
}

/// Who has a volume's bytes open.
private enum Whereabouts {
    case free
    case inGuest(GuestRun)
    /// It is being made, plugged in, let go of, or its guest is on its way up or down.
    case onTheWay

    init(of volume: VolumeRecord, in state: CloudState) {
        guard volume.isRealised else {
            self = .onTheWay
            return
        }
        // What serves a shared volume has it open while other guests come and go.
        switch state.holder(of: volume, areSettled: true) {
        case .guest(let run): self = .inGuest(run)
        case .nobody: self = volume.attachments.allSatisfy { $0.state == .attached } ? .free : .onTheWay
        case .changing: self = .onTheWay
        }
    }
}

extension SnapshotRecord {
    /// What the node has to hold and store.
    fileprivate func spec(of volume: VolumeID) -> SnapshotSpec {
        SnapshotSpec(
            id: id, volume: volume, sizeGiB: sizeGiB, parent: parent, key: bytes.key, marksChanges: copy == nil)
    }

    /// Whether its bytes are read from its volume.
    var isStoring: Bool {
        state == .pending && origin == .volume
    }

    /// Whether the record tells that there is nothing to do.
    var isSettled: Bool {
        switch state {
        case .completed, .error, .recoverable: true
        case .pending, .deleting: false
        }
    }
}

extension CloudState {
    /// Whether a volume's record must stay for a snapshot's sake: until the moment is held, and where the bytes are still read
    /// of a moment of another volume's until that one is stored.
    func isNeeded(_ volume: VolumeRecord) -> Bool {
        snapshots.all(where: IndexKey(.volume, volume.id)).contains {
            $0.isStoring && ($0.isMomentHeld != true || isMomentUnstored(of: volume))
        }
    }

    /// Whether a volume or a snapshot on its way still reads the snapshot's bytes, or they are kept ready for volumes.
    func isRead(_ id: SnapshotID) -> Bool {
        snapshots.contains(IndexKey(.snapshot, id)) || isKeptReady(id)
            || volumes.all(where: IndexKey(.snapshot, id)).contains { $0.needsSnapshot }
    }
}
