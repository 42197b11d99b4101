// How moments begin: several at one instant, in the guests that have the volumes or in files that nobody has open; and how
// they change hands when a guest opens a volume.

import Backends
import CloudTypes
import NodeContract

extension Moments {
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

    /// What is sealed is stored sealed, with the same key.
    private func checkKey(of snapshot: SnapshotSpec) async throws(NodeError) {
        let key: EncryptionKeyID?
        do { key = try await volumes.file(of: snapshot.volume).key } catch { throw NodeError(error) }
        guard key == snapshot.key else {
            throw .hostFailed("\(snapshot.volume) is not sealed with the key that was named for \(snapshot.id)")
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

    private func remember(_ note: MomentNote) throws(NodeError) {
        try notes.write(note)
        pending[note.volume, default: []].insert(note.snapshot)
        windows.expect(note)
    }
}
