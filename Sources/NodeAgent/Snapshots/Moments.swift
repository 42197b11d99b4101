// Moments of volumes on this host, from the instant at which they are held until their bytes are stored: who holds each,
// and where it is read. A moment of a volume that nobody has open is its file; whoever opens it next holds the moment from
// before it can write.

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
    private let windows: MomentWindows
    private let feeds: Feeds
    private let log: Logger
    private let tell: @Sendable (NodeEvent) -> Void
    /// The moments that are not stored yet, by volume.
    private var pending: [VolumeID: Set<SnapshotID>] = [:]
    /// Volumes that are deleted, and kept until their moments are stored.
    private(set) var outlived: Set<VolumeID> = []
    /// How many want a volume's file for themselves.
    private var lent: [VolumeID: Int] = [:]
    /// What reads the files of volumes that no guest has, by what is stored of them.
    private var readers: [VolumeID: [SnapshotID: Reader]] = [:]
    /// Those that nobody wants any more, while they are stored.
    private var unwanted: Set<SnapshotID> = []
    private var storing: Set<SnapshotID> = []
    /// Who waits for a volume to be given back, or read no more.
    private var waiting: [VolumeID: [CheckedContinuation<Void, Never>]] = [:]

    private struct Reader {
        var server: ServedMoment?
        /// Someone wants the volume's file: it ends, and begins anew afterwards.
        var isUnwanted = false
    }

    /// What is read from a guest that runs, in bytes a second: so much that the guest keeps its own.
    private static let guestRate = 64 << 20

    init(
        hypervisor: any Hypervisor, volumes: any VolumeBackend, store: SnapshotStore, notes: MomentNotes,
        windows: MomentWindows, feeds: Feeds, log: Logger, tell: @escaping @Sendable (NodeEvent) -> Void
    ) {
        (self.hypervisor, self.volumes, self.store, self.notes) = (hypervisor, volumes, store, notes)
        (self.windows, self.feeds, self.log, self.tell) = (windows, feeds, log, tell)
        for note in notes.all() {
            pending[note.volume, default: []].insert(note.snapshot)
            if note.outlivesVolume == true { outlived.insert(note.volume) }
            windows.expect(note)
        }
    }

    var known: Set<SnapshotID> { Set(pending.values.flatMap { $0 }) }

    // MARK: holding

    func hold(_ specs: [SnapshotSpec], in guests: [VolumeID: GuestRun]) async throws(NodeError) {
        let wanted = specs.filter { !store.contains($0.id) }
        var missing = 0
        for spec in wanted where try await !isHeld(spec.id, in: guests[spec.volume]) { missing += 1 }
        guard missing > 0 else { return }
        for spec in wanted { try await checkKey(of: spec) }
        // What an earlier attempt held is of another instant.
        for spec in wanted { try await undo(spec) }
        do throws(NodeError) { try await holdAnew(wanted, in: guests) } catch {
            for spec in wanted { try? await undo(spec) }
            throw error
        }
    }

    /// Of volumes that nobody has open the moment lasts as long as nobody opens them, which nobody does before that of the
    /// others is held.
    private func holdAnew(_ specs: [SnapshotSpec], in guests: [VolumeID: GuestRun]) async throws(NodeError) {
        let free = specs.filter { guests[$0.volume] == nil }
        try await lend(free.map(\.volume)) { () throws(NodeError) in
            for spec in free { try await holdFree(spec) }
            try await hold(specs.filter { guests[$0.volume] != nil }, byGuests: guests)
        }
    }

    /// Nobody was promised that moment.
    private func undo(_ spec: SnapshotSpec) async throws(NodeError) {
        guard notes.note(of: spec.id) != nil else { return }
        try await drop(spec.id, of: spec.volume, forgettingChanges: true)
    }

    /// What is sealed is stored sealed.
    private func checkKey(of snapshot: SnapshotSpec) async throws(NodeError) {
        let isSealed: Bool
        do { isSealed = try await volumes.file(of: snapshot.volume).passphrase != nil } catch { throw NodeError(error) }
        guard isSealed == (snapshot.key != nil) else {
            throw .hostFailed(
                "\(snapshot.volume) is \(isSealed ? "" : "not ")sealed, and \(snapshot.id) was to be otherwise")
        }
    }

    private func isHeld(_ id: SnapshotID, in guest: GuestRun?) async throws(NodeError) -> Bool {
        if store.contains(id) { return true }
        guard let note = notes.note(of: id) else { return false }
        guard let holder = note.guest else { return guest == nil }
        return try await holds(note, holder)
    }

    private func hold(_ specs: [SnapshotSpec], byGuests guests: [VolumeID: GuestRun]) async throws(NodeError) {
        var moments: [GuestMoment] = []
        for spec in specs {
            try remember(MomentNote(spec, in: guests[spec.volume]))
            let path: String
            do { path = try await volumes.makeMoment(spec.id, of: spec.volume) } catch { throw NodeError(error) }
            moments.append(
                GuestMoment(
                    snapshot: spec.id, volume: spec.volume, files: [path], marksChanges: spec.marksChanges))
        }
        do { try await hypervisor.hold(moments, in: guests) } catch { throw NodeError(error) }
    }

    /// A volume that a guest has open all the same is locked, and this fails.
    private func holdFree(_ spec: SnapshotSpec) async throws(NodeError) {
        try remember(MomentNote(spec, in: nil))
        guard spec.marksChanges else { return }
        do throws(VolumeBackendError) {
            try await volumes.markChanges(of: spec.volume, since: spec.id)
        } catch { throw NodeError(error) }
    }

    /// What a guest that is about to open the volumes must hold from before it can write: their moments that are not
    /// stored. Should it never run, nothing is lost.
    ///
    /// - Parameter guest: nil: to what served the volumes to guests, and died.
    func handOver(_ volumes: [VolumeID], to guest: GuestRun?) async throws(NodeError) -> [GuestMoment] {
        var moments: [GuestMoment] = []
        for volume in volumes {
            for id in (pending[volume] ?? []).sorted() {
                if let moment = try await handOver(id, of: volume, to: guest) { moments.append(moment) }
            }
        }
        return moments
    }

    /// nil for a moment that a guest holds, or that is lost.
    private func handOver(
        _ id: SnapshotID, of volume: VolumeID, to guest: GuestRun?
    ) async throws(NodeError) -> GuestMoment? {
        guard var note = notes.note(of: id) else { return nil }
        if let holder = note.guest, try await holds(note, holder) { return nil }
        let isWhole = try await isWhole(note)
        var files: [String] = []
        if isWhole {
            do { files = try await volumes.extendMoment(id, of: volume) } catch { throw NodeError(error) }
        }
        // From now on it is whole only as long as the files are.
        if let guest { (note.instance, note.launch) = (guest.instance, guest.launch) }
        try notes.write(note)
        return isWhole ? GuestMoment(snapshot: id, volume: volume, files: files, marksChanges: false) : nil
    }

    /// Whether files alone, that nobody writes to, have the moment.
    private func isWhole(_ note: MomentNote) async throws(NodeError) -> Bool {
        guard note.guest != nil else { return true }
        do { return try await volumes.isMomentWhole(note.snapshot) } catch { throw NodeError(error) }
    }

    private func remember(_ note: MomentNote) throws(NodeError) {
        try notes.write(note)
        pending[note.volume, default: []].insert(note.snapshot)
        windows.expect(note)
    }

    private func holds(_ note: MomentNote, _ guest: GuestRun) async throws(NodeError) -> Bool {
        guard await hypervisor.isOpen(note.volume, for: guest) else { return false }
        do { return try await hypervisor.holds(note.snapshot, of: note.volume, in: guest) } catch .noSuchGuest {
            return false
        } catch {
            throw NodeError(error)
        }
    }

    // MARK: storing

    func store(_ spec: SnapshotSpec) async throws(NodeError) -> StoredSnapshot {
        if store.contains(spec.id) {
            try await forget(spec)
            return try await store.figures(of: spec.bytes)
        }
        storing.insert(spec.id)
        defer {
            storing.remove(spec.id)
            unwanted.remove(spec.id)
        }
        let parent = spec.parent.flatMap { store.contains($0) ? $0 : nil }
        while try await !pull(spec, parent) {}
        let snapshots = store
        try await snapshots.call(spec.id) { _ throws(BlockStoreError) in try snapshots.draft(spec.bytes).commit() }
        try await forget(spec)
        return try await store.figures(of: spec.bytes)
    }

    /// What stores the snapshot's bytes finds its draft gone and fails, and so does what was about to.
    func stopStoring(_ id: SnapshotID) async {
        guard storing.contains(id) else { return await store.stop(id) }
        unwanted.insert(id)
        await store.stop(id)
        for reading in readers.values { await reading[id]?.server?.end() }
    }

    /// Returns whether all was read: someone may want the volume's file meanwhile.
    private func pull(_ spec: SnapshotSpec, _ parent: SnapshotID?) async throws(NodeError) -> Bool {
        guard !unwanted.contains(spec.id) else { throw .noSuchSnapshot(spec.id) }
        guard lent[spec.volume] == nil else {
            await change(of: spec.volume)
            return false
        }
        guard let note = notes.note(of: spec.id) else { throw .momentLost(spec.id) }
        if let guest = note.guest, try await holds(note, guest) {
            try await pull(spec, parent, fromGuest: guest)
            return true
        }
        guard try await isWhole(note) else { throw .momentLost(spec.id) }
        // No `await` between the look and the note of it, so that who wants the file finds who reads it.
        guard lent[spec.volume] == nil else { return false }
        readers[spec.volume, default: [:]][spec.id] = Reader()
        do throws(NodeError) {
            try await pullFree(spec, parent)
            endReading(spec)
            return true
        } catch {
            guard endReading(spec) else { throw error }
            return false
        }
    }

    private func pull(
        _ spec: SnapshotSpec, _ parent: SnapshotID?, fromGuest guest: GuestRun
    ) async throws(NodeError) {
        let moment = GuestMoment(snapshot: spec.id, volume: spec.volume)
        let source: MomentSource
        do { source = try await hypervisor.read(moment, changedSince: parent, in: guest) } catch {
            throw NodeError(error)
        }
        try await pull(spec, parent, from: source, at: Moments.guestRate)
    }

    /// From the volume's file, and the moment's where guests wrote on after it.
    private func pullFree(_ spec: SnapshotSpec, _ parent: SnapshotID?) async throws(NodeError) {
        let served: ServedMoment
        do {
            served = try await volumes.serveMoment(spec.id, of: spec.volume, changedSince: parent)
        } catch {
            throw NodeError(error)
        }
        readers[spec.volume]?[spec.id]?.server = served
        if readers[spec.volume]?[spec.id]?.isUnwanted == true { await served.end() }
        do throws(NodeError) { try await pull(spec, parent, from: served.source, at: nil) } catch {
            await served.end()
            throw error
        }
        await served.end()
    }

    private func pull(
        _ spec: SnapshotSpec, _ parent: SnapshotID?, from source: MomentSource, at rate: Int?
    ) async throws(NodeError) {
        let (store, windows, tell) = (store, windows, tell)
        let draft = try await store.call(spec.id) { _ throws(BlockStoreError) in
            try store.draft(
                of: spec.bytes, volumeBytes: spec.sizeGiB << 30, parent: parent)
        }
        // Stored or not: where it was read it can be read no more.
        defer { windows.close(spec.id) }
        let outcome: Result<Void, BlockPull.Failure>
        do throws(SystemError) {
            outcome = try await HostThread.run {
                let pull = BlockPull(
                    source: source, draft: draft, hasParent: parent != nil, rate: rate,
                    begun: { windows.open(spec.id, at: source) },
                    progress: { tell(.snapshotProgress(spec.id, percent: $0)) })
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
        if notes.note(of: spec.id) != nil { try await drop(spec.id, of: spec.volume) }
    }

    /// Takes away what there is of a moment.
    func drop(_ id: SnapshotID) async throws(NodeError) {
        guard let note = notes.note(of: id) else { return }
        try await drop(id, of: note.volume)
    }

    /// - Parameter forgettingChanges: whether what is known of changes goes too, its records having ended and begun at an
    ///   instant that does not count.
    private func drop(
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
        notes.remove(id)
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
    private func endReading(_ spec: SnapshotSpec) -> Bool {
        defer { changed(spec.volume) }
        let reader = readers[spec.volume]?.removeValue(forKey: spec.id)
        if readers[spec.volume]?.isEmpty == true { readers[spec.volume] = nil }
        return reader?.isUnwanted ?? false
    }

    private func change(of volume: VolumeID) async {
        await withCheckedContinuation { waiting[volume, default: []].append($0) }
    }

    private func changed(_ volume: VolumeID) {
        for continuation in waiting.removeValue(forKey: volume) ?? [] { continuation.resume() }
    }
}
