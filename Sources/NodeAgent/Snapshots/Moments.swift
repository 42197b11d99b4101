// Moments of volumes on this host, from the instant at which they are held until their bytes are stored: who holds each,
// where it is read, and who must wait until it is.

import Backends
import BlockStore
import CloudTypes
import HostSystem
import Logging
import NodeContract

actor Moments {
    private let hypervisor: any Hypervisor
    private let volumes: any VolumeBackend
    private let store: SnapshotStore
    private let notes: MomentNotes
    private let log: Logger
    private let tell: @Sendable (NodeEvent) -> Void
    /// The moments that are not stored yet, by volume.
    private var pending: [VolumeID: Set<SnapshotID>] = [:]
    private var waiting: [VolumeID: [CheckedContinuation<Void, Never>]] = [:]

    /// What is read from a guest that runs, in bytes a second: so much that the guest keeps its own.
    private static let guestRate = 64 << 20

    init(
        hypervisor: any Hypervisor, volumes: any VolumeBackend, store: SnapshotStore, notes: MomentNotes, log: Logger,
        tell: @escaping @Sendable (NodeEvent) -> Void
    ) {
        (self.hypervisor, self.volumes, self.store, self.notes) = (hypervisor, volumes, store, notes)
        (self.log, self.tell) = (log, tell)
        for note in notes.all() { pending[note.volume, default: []].insert(note.snapshot) }
    }

    var known: Set<SnapshotID> { Set(pending.values.flatMap { $0 }) }

    // MARK: holding

    func hold(_ specs: [SnapshotSpec], in guest: GuestRun?) async throws(NodeError) {
        var wanted: [SnapshotSpec] = []
        for spec in specs where try await !isHeld(spec.id, in: guest) { wanted.append(spec) }
        guard !wanted.isEmpty else { return }
        do throws(NodeError) {
            if let guest { try await hold(wanted, byGuest: guest) } else { try await holdFree(wanted) }
        } catch {
            for spec in wanted { try? await drop(spec.id, of: spec.volume) }
            throw error
        }
    }

    private func isHeld(_ id: SnapshotID, in guest: GuestRun?) async throws(NodeError) -> Bool {
        if store.contains(id) { return true }
        guard let note = notes.note(of: id) else { return false }
        guard let holder = note.guest else { return guest == nil }
        return await runs(holder) ? try await holds(id, holder) : false
    }

    private func hold(_ specs: [SnapshotSpec], byGuest guest: GuestRun) async throws(NodeError) {
        var moments: [GuestMoment] = []
        for spec in specs {
            try remember(MomentNote(spec, in: guest))
            let path: String
            do { path = try await volumes.makeMoment(spec.id, of: spec.volume) } catch { throw NodeError(error) }
            moments.append(GuestMoment(snapshot: spec.id, volume: spec.volume, path: path))
        }
        do { try await hypervisor.hold(moments, in: guest) } catch { throw NodeError(error) }
    }

    /// Nobody writes: the moment is held as long as nobody opens the volume, which waits until it is stored. A volume that
    /// a guest has open all the same is locked, and this fails.
    private func holdFree(_ specs: [SnapshotSpec]) async throws(NodeError) {
        for spec in specs {
            try remember(MomentNote(spec, in: nil))
            do { try await volumes.markChanges(of: spec.volume, since: spec.id) } catch { throw NodeError(error) }
        }
    }

    private func remember(_ note: MomentNote) throws(NodeError) {
        try notes.write(note)
        pending[note.volume, default: []].insert(note.snapshot)
    }

    private func runs(_ guest: GuestRun) async -> Bool {
        await hypervisor.guests()[guest.instance] == .running(launch: guest.launch)
    }

    private func holds(_ id: SnapshotID, _ guest: GuestRun) async throws(NodeError) -> Bool {
        do { return try await hypervisor.holds(id, in: guest) } catch .noSuchGuest { return false } catch {
            throw NodeError(error)
        }
    }

    // MARK: storing

    func store(_ spec: SnapshotSpec) async throws(NodeError) -> StoredSnapshot {
        if store.contains(spec.id) {
            try await forget(spec)
            return try await store.figures(of: spec.bytes)
        }
        guard let note = notes.note(of: spec.id) else { throw .momentLost(spec.id) }
        let parent = spec.parent.flatMap { store.contains($0) ? $0 : nil }
        if let guest = note.guest, await runs(guest), try await holds(spec.id, guest) {
            try await pull(spec, parent, fromGuest: guest)
        } else {
            try await pullFree(spec, parent, note)
        }
        let snapshots = store
        try await snapshots.call(spec.id) { _ throws(BlockStoreError) in try snapshots.draft(spec.bytes).commit() }
        try await forget(spec)
        return try await store.figures(of: spec.bytes)
    }

    private func pull(
        _ spec: SnapshotSpec, _ parent: SnapshotID?, fromGuest guest: GuestRun
    ) async throws(NodeError) {
        let moment = GuestMoment(snapshot: spec.id, volume: spec.volume, path: "")
        let source: MomentSource
        do { source = try await hypervisor.read(moment, changedSince: parent, in: guest) } catch {
            throw NodeError(error)
        }
        try await pull(spec, parent, from: source, at: Moments.guestRate)
    }

    /// From the volume's file, and the moment's where a guest wrote on after it, which must be whole.
    private func pullFree(
        _ spec: SnapshotSpec, _ parent: SnapshotID?, _ note: MomentNote
    ) async throws(NodeError) {
        if note.guest != nil {
            let isWhole: Bool
            do { isWhole = try await volumes.isMomentWhole(spec.id) } catch { throw NodeError(error) }
            guard isWhole else { throw .momentLost(spec.id) }
        }
        let served: ServedMoment
        do {
            served = try await volumes.serveMoment(spec.id, of: spec.volume, changedSince: parent)
        } catch {
            throw NodeError(error)
        }
        do throws(NodeError) { try await pull(spec, parent, from: served.source, at: nil) } catch {
            await served.end()
            throw error
        }
        await served.end()
    }

    private func pull(
        _ spec: SnapshotSpec, _ parent: SnapshotID?, from source: MomentSource, at rate: Int?
    ) async throws(NodeError) {
        let (store, tell) = (store, tell)
        let draft = try await store.call(spec.id) { _ throws(BlockStoreError) in
            try store.draft(
                of: spec.bytes, volumeBytes: spec.sizeGiB << 30, parent: parent)
        }
        let outcome: Result<Void, BlockPull.Failure>
        do throws(SystemError) {
            outcome = try await HostThread.run {
                let pull = BlockPull(source: source, draft: draft, hasParent: parent != nil, rate: rate) { percent in
                    tell(.snapshotProgress(spec.id, percent: percent))
                }
                do throws(BlockPull.Failure) { return .success(try pull.run()) } catch { return .failure(error) }
            }
        } catch {
            throw .hostFailed(error.description)
        }
        do throws(BlockPull.Failure) { try outcome.get() } catch {
            switch error {
            case .storing(let error): throw NodeError(error, spec.id)
            case .reading(let error): throw .hostFailed("\(spec.id) could not be read: \(error)")
            case .connecting(let error): throw .hostFailed(error.description)
            }
        }
    }

    /// The moment is stored, or wanted no more.
    private func forget(_ spec: SnapshotSpec) async throws(NodeError) {
        if notes.note(of: spec.id) != nil { try await drop(spec.id, of: spec.volume, keeping: [spec.id]) }
    }

    /// Takes away what there is of a moment.
    func drop(_ id: SnapshotID) async throws(NodeError) {
        guard let note = notes.note(of: id) else { return }
        try await drop(id, of: note.volume)
    }

    private func drop(
        _ id: SnapshotID, of volume: VolumeID, keeping kept: Set<SnapshotID> = []
    ) async throws(NodeError) {
        // What is known of changes since other moments that are still to be stored is kept, and since this one for the next.
        let others = kept.union(pending[volume] ?? []).union([id])
        var isInGuest = false
        if let guest = notes.note(of: id)?.guest, await runs(guest) {
            let moment = GuestMoment(snapshot: id, volume: volume, path: "")
            do throws(HypervisorError) {
                isInGuest = try await hypervisor.letGo(of: moment, keepingChangesSince: others, in: guest)
            } catch .noSuchGuest {
                // Its machine is gone, and the moment with it.
            } catch {
                throw NodeError(error)
            }
        }
        do throws(VolumeBackendError) {
            if !isInGuest, try await volumes.volumes().contains(volume) {
                try await volumes.forgetChanges(of: volume, exceptSince: others)
            }
            try await volumes.removeMoment(id)
        } catch { throw NodeError(error) }
        notes.remove(id)
        pending[volume]?.remove(id)
        guard pending[volume]?.isEmpty == true else { return }
        pending[volume] = nil
        for continuation in waiting.removeValue(forKey: volume) ?? [] { continuation.resume() }
        // Its filling was put off for the moment's sake.
        tell(.volumeFilled(volume))
    }

    // MARK: waiting

    func isPending(_ volume: VolumeID) -> Bool { pending[volume] != nil }

    /// Returns once nothing of the volume waits to be stored: whoever opens, grows or deletes it waits for that.
    func settled(_ volume: VolumeID) async {
        while pending[volume] != nil {
            await withCheckedContinuation { waiting[volume, default: []].append($0) }
        }
    }
}
