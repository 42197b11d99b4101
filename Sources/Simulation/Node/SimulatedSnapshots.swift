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
    /// Those that are not zeros, by index.
    var blocks: [Int: [UInt8]] = [:]
    /// The checksum of each block that was put, zeros included, by index.
    var put: [Int: [UInt8]] = [:]

    var stored: StoredSnapshot { StoredSnapshot(fullBytes: blocks.count * SimulatedSnapshot.blockBytes) }

    static let blockBytes = 524_288
}

extension SimulatedNode {
    package func fillVolume(_ volume: VolumeSpec, in guest: GuestRun?) async throws(NodeError) -> Bool {
        guard world.contents.withLock({ $0.volumes[volume.id] != nil }) else {
            throw .hostFailed("no volume \(volume.id)")
        }
        return true
    }

    package func holdMoment(of snapshots: [SnapshotSpec], in guest: GuestRun?) async throws(NodeError) {
        let failure: NodeError? = world.contents.withLock { contents in
            if let refusal = guest.flatMap({ contents.refusal(of: $0) }) { return refusal }
            for snapshot in snapshots where contents.snapshots[snapshot.id] == nil {
                guard contents.volumes[snapshot.volume] != nil else {
                    return .hostFailed("no volume \(snapshot.volume)")
                }
                guard contents.disks.holder(of: snapshot.volume) == guest?.instance else {
                    return .hostFailed("\(snapshot.volume) is elsewhere")
                }
            }
            for snapshot in snapshots where contents.snapshots[snapshot.id] == nil {
                contents.snapshots[snapshot.id] = SimulatedSnapshot(phase: .held, sizeGiB: snapshot.sizeGiB)
            }
            return nil
        }
        if let failure { throw failure }
    }

    package func storeSnapshot(_ snapshot: SnapshotSpec) async throws(NodeError) -> StoredSnapshot {
        let stored: StoredSnapshot? = world.contents.withLock { contents in
            contents.snapshots[snapshot.id]?.phase = .whole
            return contents.snapshots[snapshot.id]?.stored
        }
        guard let stored else { throw .momentLost(snapshot.id) }
        return stored
    }

    package func copySnapshot(_ source: SnapshotBytes, to copy: SnapshotBytes) async throws(NodeError) -> StoredSnapshot
    {
        let stored: StoredSnapshot? = world.contents.withLock { contents in
            if contents.snapshots[copy.id] == nil { contents.snapshots[copy.id] = contents.whole(source.id) }
            return contents.snapshots[copy.id]?.stored
        }
        guard let stored else { throw .noSuchSnapshot(source.id) }
        return stored
    }

    package func prepareSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) {
        world.contents.withLock { _ = $0.preparedSnapshots.insert(snapshot.id) }
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
        let isThere = world.contents.withLock { contents in
            guard contents.snapshots[snapshot.id] == nil else { return true }
            var draft = SimulatedSnapshot(phase: .draft, sizeGiB: sizeGiB)
            if let parent {
                guard let origin = contents.whole(parent) else { return false }
                draft.blocks = origin.blocks
            }
            contents.snapshots[snapshot.id] = draft
            return true
        }
        if !isThere, let parent { throw .noSuchSnapshot(parent) }
    }

    package func putBlock(
        _ bytes: [UInt8], at index: Int, of snapshot: SnapshotBytes
    ) async throws(NodeError) {
        let isZeros = bytes.allSatisfy { $0 == 0 }
        let checksum = SimulatedNode.checksum(bytes)
        let isDraft = world.contents.withLock { contents in
            guard contents.snapshots[snapshot.id]?.phase == .draft else { return false }
            contents.snapshots[snapshot.id]?.blocks[index] = isZeros ? nil : bytes
            contents.snapshots[snapshot.id]?.put[index] = checksum
            return true
        }
        guard isDraft else { throw .noSuchSnapshot(snapshot.id) }
    }

    package func putBlocks(of snapshot: SnapshotBytes) async throws(NodeError) -> PutBlocks {
        let found = world.contents.withLock { $0.snapshots[snapshot.id] }
        guard let found, found.phase == .draft else { throw .noSuchSnapshot(snapshot.id) }
        let checksums = found.put.sorted { $0.key < $1.key }.flatMap(\.value)
        return PutBlocks(count: found.put.count, checksum: SimulatedNode.checksum(checksums))
    }

    package func completeSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) -> StoredSnapshot {
        let stored: StoredSnapshot? = world.contents.withLock { contents in
            contents.snapshots[snapshot.id]?.phase = .whole
            return contents.snapshots[snapshot.id]?.stored
        }
        guard let stored else { throw .noSuchSnapshot(snapshot.id) }
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
        return found
    }

    private static func checksum(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}

extension SimulatedWorld.Contents {
    fileprivate func whole(_ id: SnapshotID) -> SimulatedSnapshot? {
        snapshots[id].flatMap { $0.phase == .whole ? $0 : nil }
    }
}
