// The block store as a node uses it: its calls wait for the disk, so each has a thread of its own.

import BlockStore
package import CloudTypes
import Glibc
import HostSystem
package import Logging
package import NodeContract
import Synchronization

package final class SnapshotStore: Sendable {
    let store: BlockStore
    private let log: Logger
    /// Snapshots that were read lately: opening one reads its manifest.
    private let opened = Mutex<[Snapshot]>([])
    private let collecting = Mutex(Collecting())

    private struct Collecting {
        var isUnderWay = false
        var isWanted = false
    }

    package init(directory: String, log: Logger) throws(NodeError) {
        self.log = log
        do throws(BlockStoreError) { store = try BlockStore(directory: directory) } catch {
            throw NodeError(error, nil)
        }
    }

    /// Calls the store on a thread that may wait.
    func call<Value: Sendable>(
        _ id: SnapshotID?, _ body: @escaping @Sendable (BlockStore) throws(BlockStoreError) -> Value
    ) async throws(NodeError) -> Value {
        let store = store
        let outcome: Result<Value, BlockStoreError>
        do throws(SystemError) {
            outcome = try await HostThread.run {
                do throws(BlockStoreError) { return .success(try body(store)) } catch { return .failure(error) }
            }
        } catch {
            throw .hostFailed(error.description)
        }
        do throws(BlockStoreError) { return try outcome.get() } catch { throw NodeError(error, id) }
    }

    package func contains(_ id: SnapshotID) -> Bool { store.contains(id) }

    /// Whole, or in the making.
    package func known() -> Set<SnapshotID> { Set(store.snapshots()).union(store.drafts()) }

    /// The snapshot, open; the last few stay so.
    func snapshot(_ bytes: SnapshotBytes) throws(BlockStoreError) -> Snapshot {
        if let found = opened.withLock({ opened in opened.first { $0.id == bytes.id } }) { return found }
        let snapshot = try store.snapshot(bytes.id)
        opened.withLock { opened in
            opened.insert(snapshot, at: 0)
            if opened.count > SnapshotStore.openLimit { opened.removeLast() }
        }
        return snapshot
    }

    private static let openLimit = 16

    package func figures(of id: SnapshotID) async throws(NodeError) -> StoredSnapshot {
        try await call(id) { store throws(BlockStoreError) in
            StoredSnapshot(fullBytes: try store.snapshot(id).storedBlockCount * Block.byteCount)
        }
    }

    /// The draft of the snapshot, begun or gone on with. A parent that is not there is none.
    func draft(
        of snapshot: SnapshotBytes, volumeBytes: Int, parent: SnapshotID?
    ) throws(BlockStoreError) -> SnapshotDraft {
        if store.drafts().contains(snapshot.id) { return try store.draft(snapshot.id) }
        let origin = parent.flatMap { store.contains($0) ? $0 : nil }
        do throws(BlockStoreError) {
            return try store.begin(snapshot.id, volumeBytes: volumeBytes, parent: origin)
        } catch {
            // Another call began it meanwhile.
            guard case .snapshotExists = error else { throw error }
            return try store.draft(snapshot.id)
        }
    }

    /// Takes away what there is of the snapshot; the space of its blocks is given back afterwards.
    func remove(_ id: SnapshotID) async throws(NodeError) {
        opened.withLock { opened in opened.removeAll { $0.id == id } }
        let isRemoved = try await call(id) { store throws(BlockStoreError) in
            var isRemoved = false
            if store.drafts().contains(id) {
                try store.discard(id)
                isRemoved = true
            }
            if store.contains(id) {
                try store.delete(id)
                isRemoved = true
            }
            return isRemoved
        }
        if isRemoved { collect() }
    }

    /// Gives space back, once for all that is asked meanwhile.
    private func collect() {
        let begins = collecting.withLock { state in
            if state.isUnderWay {
                state.isWanted = true
                return false
            }
            state.isUnderWay = true
            return true
        }
        guard begins else { return }
        Task {
            repeat {
                do throws(NodeError) {
                    let freed = try await call(nil) { store throws(BlockStoreError) in try store.collect() }
                    log.debug("space given back", metadata: ["bytes": "\(freed.bytes)"])
                } catch {
                    log.error("space of snapshots was not given back", metadata: ["error": "\(error)"])
                }
            } while collecting.withLock { state in
                state.isUnderWay = state.isWanted
                state.isWanted = false
                return state.isUnderWay
            }
        }
    }
}

extension NodeError {
    /// - Parameter id: the snapshot that was worked on.
    init(_ error: BlockStoreError, _ id: SnapshotID?) {
        switch error {
        case .noSuchSnapshot(let missing), .noSuchDraft(let missing): self = .noSuchSnapshot(missing)
        case .full: self = .insufficientCapacity("no room for snapshots")
        case .corruptBlock(_, let place): self = id.map { .damagedSnapshot($0, place) } ?? .hostFailed("\(error)")
        case .missingBlock, .corruptManifest, .wrongKey:
            self = id.map { .damagedSnapshot($0, "\(error)") } ?? .hostFailed("\(error)")
        case .notAStore, .newerFormat, .alreadyInUse, .snapshotExists, .notABlock, .indexOutOfRange,
            .checksumMismatch, .sizeOutOfRange, .unreadableFile, .failed, .stopped:
            self = .hostFailed("\(error)")
        }
    }
}
