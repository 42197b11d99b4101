// What an operator asks of the stored snapshots themselves: to be read back, to leave and come as files, and what space
// nobody needs any more.

import BlockStore
package import CloudTypes
import KeyRing
package import NodeContract

/// What reading a snapshot back found.
package struct SnapshotCheck: Sendable, Equatable {
    package var blocks: Int
    /// Indexes of blocks that are not what was stored.
    package var damaged: [Int]
}

/// Blocks and bytes on the disk, headers and padding included.
package struct SnapshotSpace: Sendable, Equatable {
    package var blocks: Int
    package var bytes: Int
}

extension SnapshotStore {
    /// Reads every block back and compares it with what was stored.
    ///
    /// - Throws: `.noSuchSnapshot`, `.damagedSnapshot` where not even its blocks' list can be read.
    package func verify(_ snapshot: SnapshotBytes) async throws(NodeError) -> SnapshotCheck {
        try await call(snapshot.id, isUrgent: false) { store throws(BlockStoreError) in
            var damaged: [Int] = []
            let result = try store.verify(snapshot.id, key: try self.key(of: snapshot)) { damaged.append($0.index) }
            return SnapshotCheck(blocks: result.blocks, damaged: damaged)
        }
    }

    /// Writes the snapshot as one file that needs nothing else, but its key where it is sealed.
    ///
    /// - Parameter path: absolute; what is there is replaced.
    package func export(_ snapshot: SnapshotBytes, to path: String) async throws(NodeError) {
        try await call(snapshot.id, isUrgent: false) { store throws(BlockStoreError) in
            try store.export(snapshot.id, key: try self.key(of: snapshot), to: path)
        }
    }

    /// Takes an exported snapshot in under an id, sealed as the file is. Returns the bytes of its volume. Nothing is left of a
    /// damaged file, nor of one that none of this host's keys opens.
    package func `import`(
        _ id: SnapshotID, from path: String
    ) async throws(NodeError) -> (snapshot: SnapshotBytes, volumeBytes: Int) {
        try await call(id, isUrgent: false) { store throws(BlockStoreError) in
            for key in [nil] + self.keys.keys {
                let snapshot = SnapshotBytes(id, key: key)
                do throws(BlockStoreError) {
                    try store.import(id, key: try self.key(of: snapshot), from: path)
                    return (snapshot, try self.snapshot(snapshot).volumeBytes)
                } catch {
                    if case .wrongKey = error { continue }
                    if case .keyUnavailable = error { continue }
                    throw error
                }
            }
            throw .keyUnavailable(id, reason: "This host has no key that opens \(path).")
        }
    }

    /// What all snapshots take, and how much of it nobody needs.
    package func space() async throws(NodeError) -> (all: SnapshotSpace, unused: SnapshotSpace) {
        try await call(nil, isUrgent: false) { store throws(BlockStoreError) in
            let (all, unused) = (store.total(), try store.explain())
            return (
                SnapshotSpace(blocks: all.blocks, bytes: all.bytes),
                SnapshotSpace(blocks: unused.blocks, bytes: unused.bytes)
            )
        }
    }

    /// Gives back what nobody needs.
    package func collectNow() async throws(NodeError) -> SnapshotSpace {
        try await call(nil, isUrgent: false) { store throws(BlockStoreError) in
            let freed = try store.collect()
            return SnapshotSpace(blocks: freed.blocks, bytes: freed.bytes)
        }
    }
}
