// Moments of volumes on this host, from the instant at which they are held until their bytes are stored: who holds each,
// and where it is read. A moment of a volume that nobody has open is its file; whoever opens it next holds the moment from
// before it can write. Owns what is known of them; holding and storing have files of their own.

import Backends
import CloudTypes
import NodeContract

actor Moments {
    let hypervisor: any Hypervisor
    let volumes: any VolumeBackend
    let store: SnapshotStore
    let notes: MomentNotes
    let windows: MomentWindows
    private let feeds: Feeds
    let tell: @Sendable (NodeEvent) -> Void
    /// The moments that are not stored yet, by volume.
    var pending: [VolumeID: Set<SnapshotID>] = [:]
    /// Volumes that are deleted, and kept until their moments are stored.
    private(set) var outlived: Set<VolumeID> = []
    /// How many want a volume's file for themselves.
    private(set) var lent: [VolumeID: Int] = [:]
    /// What reads the files of volumes that no guest has, by what is stored of them.
    var readers: [VolumeID: [SnapshotID: Reader]] = [:]
    /// Those that nobody wants any more, while they are stored.
    var unwanted: Set<SnapshotID> = []
    var storing: Set<SnapshotID> = []
    /// Who waits for a volume to be given back, or read no more.
    private var waiting: [VolumeID: [CheckedContinuation<Void, Never>]] = [:]

    struct Reader {
        var server: ServedMoment?
        /// Someone wants the volume's file: it ends, and begins anew afterwards.
        var isUnwanted = false
    }

    init(
        hypervisor: any Hypervisor, volumes: any VolumeBackend, store: SnapshotStore, notes: MomentNotes,
        windows: MomentWindows, feeds: Feeds, tell: @escaping @Sendable (NodeEvent) -> Void
    ) {
        (self.hypervisor, self.volumes, self.store, self.notes) = (hypervisor, volumes, store, notes)
        (self.windows, self.feeds, self.tell) = (windows, feeds, tell)
        for note in notes.all() {
            pending[note.volume, default: []].insert(note.snapshot)
            if note.outlivesVolume == true { outlived.insert(note.volume) }
            windows.expect(note)
        }
    }

    var known: Set<SnapshotID> { Set(pending.values.flatMap { $0 }) }

    /// Whether files alone, that nobody writes to, have the moment.
    func isWhole(_ note: MomentNote) async throws(NodeError) -> Bool {
        guard note.guest != nil else { return true }
        do { return try await volumes.isMomentWhole(note.snapshot) } catch { throw NodeError(error) }
    }

    func holds(_ note: MomentNote, _ guest: GuestRun) async throws(NodeError) -> Bool {
        guard await hypervisor.isOpen(note.volume, for: guest) else { return false }
        do { return try await hypervisor.holds(note.snapshot, of: note.volume, in: guest) } catch .noSuchGuest {
            return false
        } catch {
            throw NodeError(error)
        }
    }

    /// Takes away what there is of a moment.
    func drop(_ id: SnapshotID) async throws(NodeError) {
        guard let note = notes.note(of: id) else { return }
        try await drop(id, of: note.volume)
    }

    /// - Parameter forgettingChanges: whether what is known of changes goes too, its records having ended and begun at an
    ///   instant that does not count.
    func drop(
        _ id: SnapshotID, of volume: VolumeID, forgettingChanges: Bool = false
    ) async throws(NodeError) {
        // What is known of changes since other moments that are still to be stored is kept, and since this one for the next.
        let isMarked = notes.note(of: id)?.marksChanges ?? true
        let others = !isMarked ? nil : forgettingChanges ? [] : (pending[volume] ?? []).union([id])
        while try await !letGo(of: id, volume, keepingChangesSince: others) { await change(of: volume) }
        do { try await volumes.removeMoment(id) } catch { throw NodeError(error) }
        if pending[volume] == [id], outlived.contains(volume) {
            await feeds.close(volume)
            do { try await volumes.delete(volume) } catch { throw NodeError(error) }
            outlived.remove(volume)
        }
        try notes.remove(id)
        windows.forget(id)
        pending[volume]?.remove(id)
        guard pending[volume]?.isEmpty == true else { return }
        pending[volume] = nil
        // Its filling was put off for the moment's sake.
        tell(.volumeFilled(volume))
    }

    /// In the guest that has the volume, or in its file. Returns false where someone else has the file for himself.
    private func letGo(
        of id: SnapshotID, _ volume: VolumeID, keepingChangesSince others: Set<SnapshotID>?
    ) async throws(NodeError) -> Bool {
        if let guest = notes.note(of: id)?.guest, await hypervisor.isOpen(volume, for: guest) {
            let moment = GuestMoment(snapshot: id, volume: volume)
            do throws(HypervisorError) {
                if try await hypervisor.letGo(of: moment, keepingChangesSince: others, in: guest) { return true }
            } catch .noSuchGuest {
                // Its machine is gone, and the moment with it.
            } catch {
                throw NodeError(error)
            }
        }
        guard lent[volume] == nil else { return false }
        guard let others else { return true }
        // Other moments that are read from the file are gone on with afterwards.
        try await lend([volume]) { [volumes] () throws(NodeError) in
            do throws(VolumeBackendError) {
                guard try await volumes.volumes().contains(volume) else { return }
                try await volumes.forgetChanges(of: volume, exceptSince: others)
            } catch {
                throw NodeError(error)
            }
        }
        return true
    }

    // MARK: the volumes

    func isPending(_ volume: VolumeID) -> Bool { pending[volume] != nil }

    /// Whether a volume that is deleted has moments that are not stored: it is removed with the last of them.
    func outlive(_ volume: VolumeID) throws(NodeError) -> Bool {
        for id in pending[volume] ?? [] {
            guard var note = notes.note(of: id) else { continue }
            note.outlivesVolume = true
            try notes.write(note)
            outlived.insert(volume)
        }
        return outlived.contains(volume)
    }

    /// While it lasts no moment is read from the volumes' files. What was read before is kept.
    func lend(
        _ volumes: [VolumeID], _ use: @Sendable () async throws(NodeError) -> Void
    ) async throws(NodeError) {
        for volume in volumes { lent[volume, default: 0] += 1 }
        defer { for volume in volumes { giveBack(volume) } }
        for volume in volumes { await stopReading(volume) }
        try await use()
    }

    private func giveBack(_ volume: VolumeID) {
        let others = (lent[volume] ?? 1) - 1
        lent[volume] = others == 0 ? nil : others
        changed(volume)
    }

    private func stopReading(_ volume: VolumeID) async {
        while let reading = readers[volume] {
            for snapshot in reading.keys { readers[volume]?[snapshot]?.isUnwanted = true }
            for reader in reading.values { await reader.server?.end() }
            if readers[volume] != nil { await change(of: volume) }
        }
    }

    /// Returns whether it was not wanted any more.
    @discardableResult
    func endReading(_ spec: SnapshotSpec) -> Bool {
        defer { changed(spec.volume) }
        let reader = readers[spec.volume]?.removeValue(forKey: spec.id)
        if readers[spec.volume]?.isEmpty == true { readers[spec.volume] = nil }
        return reader?.isUnwanted ?? false
    }

    func change(of volume: VolumeID) async {
        await withCheckedContinuation { waiting[volume, default: []].append($0) }
    }

    private func changed(_ volume: VolumeID) {
        for continuation in waiting.removeValue(forKey: volume) ?? [] { continuation.resume() }
    }
}
