// The block store as a node uses it: its calls wait for the disk, so each has a thread of its own.

import BlockStore
package import CloudTypes
import Glibc
import HostSystem
package import KeyRing
package import Logging
package import NodeContract
import Synchronization

package final class SnapshotStore: Sendable {
    let store: BlockStore
    let keys: KeyRing
    private let log: Logger
    /// Snapshots that were read lately: opening one reads its manifest.
    private let opened = Mutex<[Opened]>([])
    private let collecting = Mutex(Collecting())
    /// Drafts are begun one after another: of two calls that begin the same, the second finds it begun.
    private let beginning = Mutex(())

    private struct Collecting {
        var isUnderWay = false
        var isWanted = false
    }

    private struct Opened {
        let bytes: SnapshotBytes
        let snapshot: Snapshot
    }

    /// - Parameter keys: what opens sealed snapshots.
    package init(directory: String, keys: KeyRing, log: Logger) throws(NodeError) {
        (self.keys, self.log) = (keys, log)
        do throws(BlockStoreError) { store = try BlockStore(directory: directory) } catch {
            throw NodeError(error, nil)
        }
    }

    /// Calls the store on a thread that may wait.
    ///
    /// - Parameter isUrgent: whether somebody waits for it; what nobody does gives way to guests and to what is.
    func call<Value: Sendable>(
        _ id: SnapshotID?, isUrgent: Bool = true,
        _ body: @escaping @Sendable (BlockStore) throws(BlockStoreError) -> Value
    ) async throws(NodeError) -> Value {
        let store = store
        let outcome: Result<Value, BlockStoreError>
        do throws(SystemError) {
            outcome = try await HostThread.run {
                if !isUrgent { HostThread.giveWay() }
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
        if let found = opened.withLock({ opened in opened.first { $0.bytes == bytes } }) { return found.snapshot }
        let snapshot = try store.snapshot(bytes.id, key: try key(of: bytes))
        opened.withLock { opened in
            opened.insert(Opened(bytes: bytes, snapshot: snapshot), at: 0)
            if opened.count > SnapshotStore.openLimit { opened.removeLast() }
        }
        return snapshot
    }

    /// What the blocks of a snapshot, or of its draft, were sealed with; nil: nothing.
    func key(of bytes: SnapshotBytes) throws(BlockStoreError) -> BlockKey? {
        guard let id = bytes.key else { return nil }
        do throws(KeyRingError) { return BlockKey(secret: try keys.blockSecret(of: id)) } catch {
            throw .keyUnavailable(bytes.id, reason: "\(error)")
        }
    }

    /// What the blocks of a new snapshot are to be sealed with.
    private func newKey(of bytes: SnapshotBytes) throws(BlockStoreError) -> BlockKey? {
        guard let id = bytes.key else { return nil }
        do throws(KeyRingError) { return BlockKey(secret: try keys.makeBlockSecret(of: id)) } catch {
            throw .keyUnavailable(bytes.id, reason: "\(error)")
        }
    }

    private static let openLimit = 16

    package func figures(of snapshot: SnapshotBytes) async throws(NodeError) -> StoredSnapshot {
        try await call(snapshot.id) { _ throws(BlockStoreError) in
            StoredSnapshot(fullBytes: try self.snapshot(snapshot).storedBlockCount * Block.byteCount)
        }
    }

    /// The draft of the snapshot, begun or gone on with. A parent that is not there is none.
    func draft(
        of snapshot: SnapshotBytes, volumeBytes: Int, parent: SnapshotID?
    ) throws(BlockStoreError) -> SnapshotDraft {
        try beginning.withLock { (_) throws(BlockStoreError) in
            if store.drafts().contains(snapshot.id) { return try draft(snapshot) }
            let origin = parent.flatMap { store.contains($0) ? $0 : nil }
            return try store.begin(
                snapshot.id, volumeBytes: volumeBytes, parent: origin, key: try newKey(of: snapshot))
        }
    }

    /// The draft of a snapshot that was begun.
    func draft(_ snapshot: SnapshotBytes) throws(BlockStoreError) -> SnapshotDraft {
        try store.draft(snapshot.id, key: try key(of: snapshot))
    }

    /// Makes a snapshot of the blocks of another. Under the same key they are shared; else each is sealed anew. Goes on
    /// where an earlier call was cut off.
    func copy(_ source: SnapshotBytes, to copy: SnapshotBytes) async throws(NodeError) {
        try await call(copy.id, isUrgent: false) { store throws(BlockStoreError) in
            let origin = try self.snapshot(source)
            let isShared = source.key == copy.key
            let draft = try self.draft(
                of: copy, volumeBytes: origin.volumeBytes, parent: isShared ? source.id : nil)
            if !isShared { try draft.put(origin) }
            try draft.commit()
        }
    }

    /// What puts a draft of the snapshot together finds it gone.
    func stop(_ id: SnapshotID) async {
        _ = try? await call(id) { store throws(BlockStoreError) in
            if store.drafts().contains(id) { try store.discard(id) }
        }
    }

    /// Takes away what there is of the snapshot; the space of its blocks is given back afterwards.
    package func remove(_ id: SnapshotID) async throws(NodeError) {
        opened.withLock { opened in opened.removeAll { $0.bytes.id == id } }
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
                    let freed = try await call(nil, isUrgent: false) { store throws(BlockStoreError) in
                        try store.collect()
                    }
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
        case .missingBlock, .corruptManifest:
            self = id.map { .damagedSnapshot($0, "\(error)") } ?? .hostFailed("\(error)")
        case .wrongKey(let sealed): self = .hostFailed("\(sealed) is not sealed with the key that was named for it")
        case .keyUnavailable(let sealed, let reason): self = .hostFailed("\(sealed): \(reason)")
        case .notAStore, .newerFormat, .alreadyInUse, .snapshotExists, .notABlock, .indexOutOfRange,
            .checksumMismatch, .sizeOutOfRange, .unreadableFile, .failed, .stopped:
            self = .hostFailed("\(error)")
        }
    }
}
