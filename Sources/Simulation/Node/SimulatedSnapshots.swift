// Snapshots of the simulated host: moments that are held and stored at once, and blocks in memory.

internal import Crypto
package import CloudTypes
package import NodeContract
import Synchronization

/// A snapshot as far as the host has it.
struct SimulatedSnapshot {
    enum Phase { case held, draft, whole }
    var phase: Phase
    var sizeGiB: Int
    /// What its bytes are sealed with; nil: they are in the clear.
    var key: EncryptionKeyID?
    /// Those that are not zeros, by index.
    var blocks: [Int: [UInt8]] = [:]
    /// The checksum of each block that was put, zeros included, by index.
    var put: [Int: [UInt8]] = [:]

    var stored: StoredSnapshot { StoredSnapshot(fullBytes: blocks.count * SimulatedSnapshot.blockBytes) }

    static let blockBytes = 524_288
}

extension SimulatedNode {
    package func fillVolume(_ volume: VolumeSpec, in guest: GuestRun?) async throws(NodeError) -> Bool {
        let failure: NodeError? = world.contents.withLock { contents in
            contents.volumes[volume.id] == nil ? .hostFailed("no volume \(volume.id)") : contents.refusal(of: volume)
        }
        if let failure { throw failure }
        let fails = world.contents.withLock { contents in
            contents.fillings[volume.id, default: 0] += 1
            return contents.fillsFail
        }
        if fails { tell(.volumeFillFailed(volume.id)) }
        return !fails
    }

    package func observeDisks(filling volumes: [VolumeID: GuestRun?]) async -> DiskObservation { DiskObservation() }

    package func holdMoment(
        of snapshots: [SnapshotSpec], in guests: [VolumeID: GuestRun]
    ) async throws(NodeError) {
        let failure: NodeError? = world.contents.withLock { contents in
            for guest in guests.values { if let refusal = contents.refusal(of: guest) { return refusal } }
            for snapshot in snapshots where contents.snapshots[snapshot.id] == nil {
                guard let volume = contents.volumes[snapshot.volume] else {
                    return .hostFailed("no volume \(snapshot.volume)")
                }
                guard volume.key == snapshot.key else { return .wrongKey(of: volume.id) }
                let parent = snapshot.parent.map { SnapshotBytes($0, key: snapshot.key) }
                if let refusal = parent.flatMap({ contents.refusal(of: $0) }) { return refusal }
                guard contents.disks.isOpen(snapshot.volume, in: guests[snapshot.volume]?.instance) else {
                    return .hostFailed("\(snapshot.volume) is elsewhere")
                }
            }
            for snapshot in snapshots where contents.snapshots[snapshot.id] == nil {
                contents.snapshots[snapshot.id] = SimulatedSnapshot(
                    phase: .held, sizeGiB: snapshot.sizeGiB, key: snapshot.key)
            }
            return nil
        }
        if let failure { throw failure }
    }

    package func storeSnapshot(_ snapshot: SnapshotSpec) async throws(NodeError) -> StoredSnapshot {
        guard let stored = try makeWhole(snapshot.bytes) else { throw .momentLost(snapshot.id) }
        return stored
    }

    /// What is asked for here is done at once.
    package func stopStoring(_ id: SnapshotID) async {}

    package func copySnapshot(_ source: SnapshotBytes, to copy: SnapshotBytes) async throws(NodeError) -> StoredSnapshot
    {
        let failure: NodeError? = world.contents.withLock { contents in
            if let refusal = contents.refusal(of: source) { return refusal }
            guard contents.snapshots[copy.id] == nil else { return nil }
            guard var bytes = contents.whole(source.id) else { return .noSuchSnapshot(source.id) }
            bytes.key = copy.key
            contents.snapshots[copy.id] = bytes
            return nil
        }
        if let failure { throw failure }
        guard let stored = try makeWhole(copy) else { throw .noSuchSnapshot(copy.id) }
        return stored
    }

    /// nil where there is none.
    private func makeWhole(_ snapshot: SnapshotBytes) throws(NodeError) -> StoredSnapshot? {
        let outcome: Result<StoredSnapshot?, NodeError> = world.contents.withLock { contents in
            if let refusal = contents.refusal(of: snapshot) { return .failure(refusal) }
            contents.snapshots[snapshot.id]?.phase = .whole
            return .success(contents.snapshots[snapshot.id]?.stored)
        }
        return try outcome.get()
    }

    package func prepareSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) {
        let failure: NodeError? = world.contents.withLock { contents in
            if let refusal = contents.refusal(of: snapshot) { return refusal }
            contents.preparedSnapshots.insert(snapshot.id)
            return nil
        }
        if let failure { throw failure }
    }

    package func releaseSnapshot(_ id: SnapshotID) async throws(NodeError) {
        world.contents.withLock { _ = $0.preparedSnapshots.remove(id) }
    }

    package func deleteSnapshot(_ id: SnapshotID) async throws(NodeError) {
        world.contents.withLock { contents in
            contents.snapshots[id] = nil
            contents.preparedSnapshots.remove(id)
        }
    }

    // MARK: blocks

    package func beginSnapshot(
        _ snapshot: SnapshotBytes, sizeGiB: Int, parent: SnapshotID?
    ) async throws(NodeError) {
        let failure: NodeError? = world.contents.withLock { contents in
            guard contents.snapshots[snapshot.id] == nil else { return contents.refusal(of: snapshot) }
            var draft = SimulatedSnapshot(phase: .draft, sizeGiB: sizeGiB, key: snapshot.key)
            if let parent {
                guard let origin = contents.whole(parent) else { return .noSuchSnapshot(parent) }
                guard origin.key == snapshot.key else { return .wrongKey(of: parent) }
                draft.blocks = origin.blocks
            }
            contents.snapshots[snapshot.id] = draft
            return nil
        }
        if let failure { throw failure }
    }

    package func putBlock(
        _ bytes: [UInt8], at index: Int, of snapshot: SnapshotBytes
    ) async throws(NodeError) {
        let isZeros = bytes.allSatisfy { $0 == 0 }
        let checksum = SimulatedNode.checksum(bytes)
        let failure: NodeError? = world.contents.withLock { contents in
            guard contents.snapshots[snapshot.id]?.phase == .draft else { return .noSuchSnapshot(snapshot.id) }
            if let refusal = contents.refusal(of: snapshot) { return refusal }
            contents.snapshots[snapshot.id]?.blocks[index] = isZeros ? nil : bytes
            contents.snapshots[snapshot.id]?.put[index] = checksum
            return nil
        }
        if let failure { throw failure }
    }

    package func putBlocks(of snapshot: SnapshotBytes) async throws(NodeError) -> PutBlocks {
        let found = world.contents.withLock { $0.snapshots[snapshot.id] }
        guard let found, found.phase == .draft else { throw .noSuchSnapshot(snapshot.id) }
        guard found.key == snapshot.key else { throw .wrongKey(of: snapshot.id) }
        let checksums = found.put.sorted { $0.key < $1.key }.flatMap(\.value)
        return PutBlocks(count: found.put.count, checksum: SimulatedNode.checksum(checksums))
    }

    package func completeSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) -> StoredSnapshot {
        guard let stored = try makeWhole(snapshot) else { throw .noSuchSnapshot(snapshot.id) }
        return stored
    }

    package func block(at index: Int, of snapshot: SnapshotBytes) async throws(NodeError) -> [UInt8] {
        let found = try whole(snapshot)
        return found.blocks[index] ?? [UInt8](repeating: 0, count: SimulatedSnapshot.blockBytes)
    }

    package func blocks(
        of snapshot: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [SnapshotBlock] {
        let found = try whole(snapshot)
        return found.blocks.keys.filter { $0 >= index }.sorted().prefix(limit).map(SnapshotBlock.init)
    }

    package func changedBlocks(
        from first: SnapshotBytes, to second: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [ChangedSnapshotBlock] {
        let (before, after) = (try whole(first).blocks, try whole(second).blocks)
        let changed = Set(before.keys).union(after.keys).filter { $0 >= index && before[$0] != after[$0] }
        return changed.sorted().prefix(limit).map { index in
            ChangedSnapshotBlock(index: index, isInFirst: before[index] != nil, isInSecond: after[index] != nil)
        }
    }

    private func whole(_ snapshot: SnapshotBytes) throws(NodeError) -> SimulatedSnapshot {
        guard let found = world.contents.withLock({ $0.whole(snapshot.id) }) else {
            throw .noSuchSnapshot(snapshot.id)
        }
        guard found.key == snapshot.key else { throw .wrongKey(of: snapshot.id) }
        return found
    }

    private static func checksum(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}

extension SimulatedWorld.Contents {
    fileprivate func whole(_ id: SnapshotID) -> SimulatedSnapshot? {
        snapshots[id].flatMap { $0.phase == .whole ? $0 : nil }
    }

    /// nil where nothing is sealed with another key than the volume's and its snapshot's.
    func refusal(of volume: VolumeSpec) -> NodeError? {
        if let known = volumes[volume.id], known.key != volume.key { return .wrongKey(of: volume.id) }
        return volume.snapshot.flatMap { refusal(of: $0) }
    }

    fileprivate func refusal(of snapshot: SnapshotBytes) -> NodeError? {
        guard let known = snapshots[snapshot.id], known.key != snapshot.key else { return nil }
        return .wrongKey(of: snapshot.id)
    }
}

extension NodeError {
    fileprivate static func wrongKey(of sealed: ResourceID<some ResourceKind>) -> NodeError {
        .hostFailed("\(sealed) is sealed with another key")
    }
}
