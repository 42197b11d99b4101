// Volumes that read what they have not of their snapshots through a feed, and the folders in which feeds are served.
// That a volume has a feed, and of which snapshot, stands in its own file's header alone: whoever fills it takes that away
// with the last block.

package import Backends
package import CloudTypes
import DiskFormats
import Glibc
import HostSystem
import JSON
import NodeContract

extension QCOW2Volumes {
    private static let feedPrefix = "nbd+unix:///"
    private static let feedSuffix = "?socket=\(SnapshotFeed.socketName)"

    /// As an overlay's header names it, for tools whose working directory is the feed's folder: the snapshot, and the key
    /// that its blocks are sealed with.
    static func feedName(of snapshot: SnapshotBytes) -> String {
        feedPrefix + SnapshotFeed.export(of: snapshot) + feedSuffix
    }

    func feed(of volume: VolumeID, _ header: QCOW2Header) -> SnapshotFeed? {
        guard let name = header.backingFile, name.hasPrefix(QCOW2Volumes.feedPrefix),
            name.hasSuffix(QCOW2Volumes.feedSuffix)
        else { return nil }
        let export = name.dropFirst(QCOW2Volumes.feedPrefix.count).dropLast(QCOW2Volumes.feedSuffix.count)
        let parts = export.split(separator: "/", maxSplits: 1)
        guard let id = parts.first.flatMap({ SnapshotID(String($0)) }) else { return nil }
        let key = parts.count == 2 ? EncryptionKeyID(String(parts[1])) : nil
        return SnapshotFeed(
            snapshot: SnapshotBytes(id, key: key), folder: feedFolder(of: volume),
            volumeBytes: Int(header.virtualSize))
    }

    package func feeds() async throws(VolumeBackendError) -> [VolumeID: SnapshotFeed] {
        var found: [VolumeID: SnapshotFeed] = [:]
        for name in try feedFiles.names() {
            guard let volume = VolumeID(name) else {
                // Of a base whose making was cut off.
                unlink("\(feedFiles.file(name))/\(SnapshotFeed.socketName)")
                rmdir(feedFiles.file(name))
                continue
            }
            if volumeFiles.contains(QCOW2Volumes.name(of: volume)) {
                // One whose file is damaged is told of when it is wanted, and keeps no other from its feed.
                guard let header = try? header(of: volume) else { continue }
                if let feed = feed(of: volume, header) {
                    found[volume] = feed
                    continue
                }
            }
            removeFeedFolder(of: volume)
        }
        return found
    }

    package func fill(_ volume: VolumeID) async throws(VolumeBackendError) {
        let header = try header(of: volume)
        guard let feed = feed(of: volume, header) else { return }
        let image = VolumeImage(
            path: volumeFiles.file(QCOW2Volumes.name(of: volume)), passphrase: try passphrase(of: volume, header))
        try await image.run(["rebase", "-b", ""], over: .named(from: feed.folder), deadline: .seconds(7 * 86_400))
    }

    package func filledBlocks(of volume: VolumeID, among blocks: [Int]) async throws(VolumeBackendError) -> Int {
        guard feed(of: volume, try header(of: volume)) != nil else { return blocks.count }
        let path = volumeFiles.file(QCOW2Volumes.name(of: volume))
        return try QCOW2Map(try VolumeDirectory.open(path, O_RDONLY)).count(of: blocks)
    }

    // MARK: folders

    private func feedFolder(of volume: VolumeID) -> String { feedFiles.file(volume.description) }

    /// Whoever gets it as a descriptor may pass through it, whatever its user.
    func makeFeedFolder(of volume: VolumeID) throws(VolumeBackendError) {
        let path = feedFolder(of: volume)
        if mkdir(path, 0o711) != 0 && errno != EEXIST { throw .system("mkdir \(path)") }
        guard chmod(path, 0o711) == 0 else { throw .system("chmod \(path)") }
        try feedFiles.sync()
    }

    func removeFeedFolder(of volume: VolumeID) {
        let path = feedFolder(of: volume)
        unlink("\(path)/\(SnapshotFeed.socketName)")
        rmdir(path)
    }
}
