// Snapshots on this host.

package import CloudTypes
package import NodeContract

extension LocalNode {
    package func fillVolume(_ volume: VolumeSpec, in guest: GuestRun?) async throws(NodeError) -> Bool { true }

    package func holdMoment(of snapshots: [SnapshotSpec], in guest: GuestRun?) async throws(NodeError) {
        throw LocalNode.noSnapshots
    }
    package func storeSnapshot(_ snapshot: SnapshotSpec) async throws(NodeError) -> StoredSnapshot {
        throw LocalNode.noSnapshots
    }
    package func copySnapshot(_ source: SnapshotBytes, to copy: SnapshotBytes) async throws(NodeError) -> StoredSnapshot
    {
        throw LocalNode.noSnapshots
    }
    package func deleteSnapshot(_ id: SnapshotID) async throws(NodeError) { throw LocalNode.noSnapshots }
    package func beginSnapshot(_ snapshot: SnapshotBytes, sizeGiB: Int, parent: SnapshotID?) async throws(NodeError) {
        throw LocalNode.noSnapshots
    }
    package func putBlock(_ bytes: [UInt8], at index: Int, of snapshot: SnapshotBytes) async throws(NodeError) {
        throw LocalNode.noSnapshots
    }
    package func putBlocks(of snapshot: SnapshotBytes) async throws(NodeError) -> PutBlocks {
        throw LocalNode.noSnapshots
    }
    package func completeSnapshot(_ snapshot: SnapshotBytes) async throws(NodeError) -> StoredSnapshot {
        throw LocalNode.noSnapshots
    }
    package func block(at index: Int, of snapshot: SnapshotBytes) async throws(NodeError) -> [UInt8] {
        throw LocalNode.noSnapshots
    }
    package func blocks(
        of snapshot: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [SnapshotBlock] { throw LocalNode.noSnapshots }
    package func changedBlocks(
        from first: SnapshotBytes, to second: SnapshotBytes, from index: Int, limit: Int
    ) async throws(NodeError) -> [ChangedSnapshotBlock] { throw LocalNode.noSnapshots }

    private static let noSnapshots = NodeError.hostFailed("this host keeps no snapshots yet")
}
