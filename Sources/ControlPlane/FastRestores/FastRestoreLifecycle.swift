// Which step brings a fast snapshot restore nearer to what is wanted: decided from the records, nothing else.
// Does no I/O; `FastRestoreReconciler` carries out what is decided here.
// Follows: EBS User Guide, "Configure fast snapshot restore for an Amazon EBS snapshot".

package import CloudTypes
package import NodeContract

//  enabling ─snapshot complete─▶ optimizing ─ready on the node─▶ enabled
//     └──────────── asked for, or the snapshot is gone ─────────────┴─▶ disabling ─let go of─▶ disabled
package enum FastRestoreStep: Sendable, Equatable {
    case settled
    case enter(FastRestoreRecord.State)
    case prepare(SnapshotBytes)
    case release(SnapshotID)
    /// The change of the snapshot's record brings it back.
    case await
}

package struct FastRestoreLifecycle: Sendable {
    private let record: FastRestoreRecord
    private let state: CloudState

    package init(_ record: FastRestoreRecord, in state: CloudState) { (self.record, self.state) = (record, state) }

    package var step: FastRestoreStep {
        switch record.state {
        case .enabling, .optimizing, .enabled: wantedStep
        case .disabling: isWantedElsewhere ? .enter(.disabled) : .release(record.snapshot)
        case .disabled: .settled
        }
    }

    private var wantedStep: FastRestoreStep {
        guard let snapshot = state.snapshots[record.snapshot], snapshot.isVisible(to: record.account, in: state),
            snapshot.state != .error
        else { return .enter(.disabling) }
        switch record.state {
        case .enabling: return snapshot.state == .completed ? .enter(.optimizing) : .await
        case .optimizing: return .prepare(snapshot.bytes)
        case .enabled, .disabling, .disabled: return .settled
        }
    }

    /// For another zone or account: they stand on the same bytes.
    private var isWantedElsewhere: Bool {
        state.fastRestores.all(where: IndexKey(.snapshot, record.snapshot)).contains {
            $0.id != record.id && $0.state.isWanted
        }
    }
}
