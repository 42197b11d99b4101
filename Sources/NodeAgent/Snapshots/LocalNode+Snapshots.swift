// Snapshots on this host: moments become blocks, blocks become the bases of volumes.

import Backends
import BlockStore
package import CloudTypes
import Glibc
import Logging
package import NodeContract

extension LocalNode {
    /// Bytes a second that are read into a volume beside a guest that uses it: so many that the guest keeps its own.
    private static let guestFillRate = 64 << 20

    /// A volume that stands on a base needs no filling: the base is kept as long as it is needed.
    package func fillVolume(_ volume: VolumeSpec, in guest: GuestRun?) async throws(NodeError) -> Bool {
        let file: VolumeFile
        do { file = try await volumes.file(of: volume.id) } catch { throw NodeError(error) }
        let isFed = await feeds.isOpen(volume.id)
        guard file.feed != nil || isFed else { return true }
        let rate = volume.initializationRate.map { $0 << 20 }
        if let guest {
            let isFilled: Bool
            do {
                isFilled = try await hypervisor.fill(volume.id, at: rate ?? LocalNode.guestFillRate, in: guest)
            } catch {
                throw NodeError(error)
            }
            guard isFilled else { return false }
        } else if file.feed != nil {
            // Once its moments are stored it is asked for again.
            if await !moments.isPending(volume.id) { try await feeds.fill(volume.id, at: rate) }
            return false
        }
        await feeds.close(volume.id)
        return true
    }

    package func observeDisks(filling volumes: [VolumeID: GuestRun?]) async -> DiskObservation {
        var observation = DiskObservation(starvedGuests: await hypervisor.starved())
        for (volume, guest) in volumes {
            observation.fillings[volume] = try? await filling(of: volume, in: guest)
        }
        return observation
    }

    /// nil for a volume that has no feed.
    private func filling(of volume: VolumeID, in guest: GuestRun?) async throws -> DiskObservation.Filling? {
        guard let feed = try await volumes.file(of: volume).feed else { return nil }
        let snapshots = snapshots
        let blocks = try await snapshots.call(feed.snapshot.id) { _ throws(BlockStoreError) in
            var rows = try snapshots.snapshot(feed.snapshot).blocks()
            var indexes: [Int] = []
            while let row = try rows.next() { indexes.append(row.index) }
            return indexes
        }
        // What fills it goes from the first block to the last; the guest wrote, or an earlier filling read, others.
        let position =
            if let guest {
                try await hypervisor.fillPosition(of: volume, in: guest)
            } else {
                await feeds.position(of: volume)
            }
        let next = (position ?? 0) / Block.byteCount
        let others = blocks.drop { $0 < next }
        let found = try await volumes.filledBlocks(of: volume, among: Array(others))
        return DiskObservation.Filling(blocks: blocks.count, filled: blocks.count - others.count + found)
    }

    package func holdMoment(
        of snapshots: [SnapshotSpec], in guests: [VolumeID: GuestRun]
    ) async throws(NodeError) {
        for snapshot in snapshots where guests[snapshot.volume] == nil { await feeds.halt(snapshot.volume) }
        try await moments.hold(snapshots, in: guests)
    }

    package func storeSnapshot(_ snapshot: SnapshotSpec) async throws(NodeError) -> StoredSnapshot {
        try await moments.store(snapshot)
    }

    package func stopStoring(_ id: SnapshotID) async { await moments.stopStoring(id) }

    package func prepareSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) {
        try await ensureBase(of: snapshot)
    }

    package func releaseSnapshot(_ id: SnapshotID) async throws(NodeError) {
        // A disk that the operator brought in may have its base alone.
        guard snapshots.contains(id) else { return }
        do { try await volumes.dropBase(id) } catch { throw NodeError(error) }
    }

    package func deleteSnapshot(_ id: SnapshotID) async throws(NodeError) {
        await makings[id]?.value
        try await moments.drop(id)
        try await snapshots.remove(id)
        do { try await volumes.dropBase(id) } catch { throw NodeError(error) }
    }

    package func copySnapshot(_ source: SnapshotBytes, to copy: SnapshotBytes) async throws(NodeError) -> StoredSnapshot
    {
        if !snapshots.contains(copy.id) {
            try await ensureStored(source)
            try await snapshots.copy(source, to: copy)
        }
        return try await snapshots.figures(of: copy)
    }

    // MARK: blocks

    package func beginSnapshot(
        _ snapshot: SnapshotBytes, sizeGiB: Int, parent: SnapshotID?
    ) async throws(NodeError) {
        if let parent { try await ensureStored(SnapshotBytes(parent, key: snapshot.key)) }
        let snapshots = snapshots
        try await snapshots.call(snapshot.id) { store throws(BlockStoreError) in
            if let parent, !store.contains(parent) { throw .noSuchSnapshot(parent) }
            _ = try snapshots.draft(of: snapshot, volumeBytes: sizeGiB << 30, parent: parent)
        }
    }

    package func putBlock(
        _ bytes: [UInt8], at index: Int, of snapshot: SnapshotBytes
    ) async throws(NodeError) {
        let snapshots = snapshots
        try await snapshots.call(snapshot.id) { _ throws(BlockStoreError) in
            let draft = try snapshots.draft(snapshot)
            try draft.put(bytes, at: index)
            try draft.flush()
        }
    }

    package func putBlocks(of snapshot: SnapshotBytes) async throws(NodeError) -> PutBlocks {
        let snapshots = snapshots
        return try await snapshots.call(snapshot.id) { _ throws(BlockStoreError) in
            let contents = try snapshots.draft(snapshot).contents()
            return PutBlocks(count: contents.count, checksum: contents.checksum)
        }
    }

    package func completeSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) -> StoredSnapshot {
        if !snapshots.contains(snapshot.id) {
            let snapshots = snapshots
            try await snapshots.call(snapshot.id) { _ throws(BlockStoreError) in
                try snapshots.draft(snapshot).commit()
            }
        }
        return try await snapshots.figures(of: snapshot)
    }

    package func block(at index: Int, of snapshot: SnapshotBytes) async throws(NodeError) -> [UInt8] {
        try await ensureStored(snapshot)
        let snapshots = snapshots
        return try await snapshots.call(snapshot.id) { _ throws(BlockStoreError) in
            try snapshots.snapshot(snapshot).read(at: index)
        }
    }

    package func blocks(
        of snapshot: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [SnapshotBlock] {
        try await ensureStored(snapshot)
        let snapshots = snapshots
        return try await snapshots.call(snapshot.id) { _ throws(BlockStoreError) in
            var rows = try snapshots.snapshot(snapshot).blocks(from: index)
            var found: [SnapshotBlock] = []
            while found.count < limit, let row = try rows.next() {
                found.append(SnapshotBlock(index: row.index))
            }
            return found
        }
    }

    package func changedBlocks(
        from first: SnapshotBytes, to second: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [ChangedSnapshotBlock] {
        try await ensureStored(first)
        try await ensureStored(second)
        let snapshots = snapshots
        return try await snapshots.call(second.id) { _ throws(BlockStoreError) in
            var changes = try snapshots.snapshot(first).changes(to: try snapshots.snapshot(second), from: index)
            var found: [ChangedSnapshotBlock] = []
            while found.count < limit, let change = try changes.next() {
                found.append(
                    ChangedSnapshotBlock(
                        index: change.index, isInFirst: change.first != nil, isInSecond: change.second != nil))
            }
            return found
        }
    }

    // MARK: bases

    /// Whether there is anything that a volume could begin with: a base, blocks, or a moment that is held.
    func ensureThere(_ snapshot: SnapshotBytes) async throws(NodeError) {
        guard !snapshots.contains(snapshot.id), await !moments.known.contains(snapshot.id) else { return }
        do { _ = try await volumes.basePath(snapshot.id) } catch { throw NodeError(error) }
    }

    /// The snapshot as a file that volumes can stand on, made once of its blocks, and sealed where it is.
    func ensureBase(of snapshot: SnapshotBytes) async throws(NodeError) {
        guard snapshots.contains(snapshot.id) else { return }
        let snapshots = snapshots
        let size = try await snapshots.call(snapshot.id) { _ throws(BlockStoreError) in
            try snapshots.snapshot(snapshot).volumeBytes
        }
        guard snapshot.key == nil else { return try await ensureSealedBase(of: snapshot, bytes: size) }
        let failure: NodeError?
        do {
            try await volumes.makeBase(snapshot.id, bytes: size) { file in
                try await snapshots.call(snapshot.id, isUrgent: false) { store throws(BlockStoreError) in
                    try BaseFile(number: file).fill(from: try store.snapshot(snapshot.id))
                }
            }
            failure = nil
        } catch {
            failure = NodeError(error)
        }
        if let failure { throw failure }
    }

    private func ensureSealedBase(of snapshot: SnapshotBytes, bytes: Int) async throws(NodeError) {
        let feeds = feeds
        do {
            try await volumes.makeSealedBase(snapshot, bytes: bytes) { feed, use in try await feeds.serve(feed, use) }
        } catch { throw NodeError(error) }
    }

    /// Volumes that are made until it is there read of their own feeds.
    func makeBaseLater(of snapshot: SnapshotBytes) {
        guard makings[snapshot.id] == nil else { return }
        makings[snapshot.id] = Task {
            do throws(NodeError) { try await ensureBase(of: snapshot) } catch {
                log.warning("an image has no base yet", metadata: ["snapshot": "\(snapshot.id)", "error": "\(error)"])
            }
            makings[snapshot.id] = nil
        }
    }

    /// A disk that the operator brought in has a base alone until its blocks are asked for.
    func ensureStored(_ snapshot: SnapshotBytes) async throws(NodeError) {
        guard !snapshots.contains(snapshot.id) else { return }
        let path: String
        do { path = try await volumes.basePath(snapshot.id) } catch { throw NodeError(error) }
        let snapshots = snapshots
        try await snapshots.call(snapshot.id) { store throws(BlockStoreError) in
            try BaseFile.store(path, as: snapshot, in: snapshots)
        }
    }
}
