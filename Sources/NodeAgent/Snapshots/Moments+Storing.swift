// How a moment's bytes come into the store, from where they are held: a guest's machine, or files while nobody wants them for
// himself.

import Backends
import BlockStore
import CloudTypes
import HostSystem
import NodeContract

extension Moments {
    /// What is read from a guest that runs, in bytes a second: so much that the guest keeps its own.
    private static let guestRate = 64 << 20

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
        // Who stopped it before there was a draft found none.
        guard !unwanted.contains(spec.id) else {
            await store.stop(spec.id)
            throw .noSuchSnapshot(spec.id)
        }
        // Stored or not: where it was read it can be read no more.
        defer { windows.close(spec.id) }
        let outcome: Result<Void, BlockPull.Failure>
        do throws(SystemError) {
            outcome = try await HostThread.run {
                let pull = BlockPull(
                    source: source, draft: draft, rate: rate,
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
}
