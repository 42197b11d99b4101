// Where volumes' bytes live. Each verb is safe to repeat; a crash in the middle leaves the old or the new state.

package import CloudTypes
package import NodeContract

package protocol VolumeBackend: Sendable {
    /// Creates the volume, in constant time also from a snapshot; an existing one is left as it is, and must be sealed with
    /// the key that is named.
    func create(_ volume: VolumeSpec) async throws(VolumeBackendError)
    /// What a guest opens; the same until `delete`, save that a feed that was read to its end is there no more.
    func file(of volume: VolumeID) async throws(VolumeBackendError) -> VolumeFile
    /// What is to be served to volumes that have not read all of their snapshots.
    func feeds() async throws(VolumeBackendError) -> [VolumeID: SnapshotFeed]
    /// How many of the blocks of its snapshot a volume that has a feed has by itself, as far as its file tells.
    func filledBlocks(of volume: VolumeID, among blocks: [Int]) async throws(VolumeBackendError) -> Int
    /// Reads into a volume that no guest has open what it has not of its snapshot, from its feed, which must be served.
    /// Whoever cancels it leaves a volume that has some of it.
    func fill(_ volume: VolumeID) async throws(VolumeBackendError)
    /// Grows a volume that no guest has open; one of that size or more is left as it is.
    func grow(_ volume: VolumeID, toGiB sizeGiB: Int) async throws(VolumeBackendError)
    func delete(_ volume: VolumeID) async throws(VolumeBackendError)
    func volumes() async throws(VolumeBackendError) -> Set<VolumeID>
    /// Room for volumes.
    func freeBytes() async -> Int

    /// Makes the empty file in which what is overwritten of a volume is kept, anew where there was one, sealed as the
    /// volume is. Returns its path.
    func makeMoment(_ snapshot: SnapshotID, of volume: VolumeID) async throws(VolumeBackendError) -> String
    /// Makes a further file for a moment that someone else is to hold from now on; those that there are, which must be
    /// whole, are kept. Returns all, the oldest first.
    func extendMoment(_ snapshot: SnapshotID, of volume: VolumeID) async throws(VolumeBackendError) -> [String]
    /// Whether the moment's files were closed in good order: only then do they hold all that they should.
    func isMomentWhole(_ snapshot: SnapshotID) async throws(VolumeBackendError) -> Bool
    func removeMoment(_ snapshot: SnapshotID) async throws(VolumeBackendError)
    /// From now on what changes in a volume that no guest has open is told apart from what changed before.
    func markChanges(of volume: VolumeID, since snapshot: SnapshotID) async throws(VolumeBackendError)
    /// Forgets what changed, save since the snapshots named.
    func forgetChanges(of volume: VolumeID, exceptSince kept: Set<SnapshotID>) async throws(VolumeBackendError)
    /// Serves a volume that no guest has open, as it was at the moment, or as it is where the moment has no file.
    func serveMoment(
        _ snapshot: SnapshotID, of volume: VolumeID, changedSince parent: SnapshotID?
    ) async throws(VolumeBackendError) -> ServedMoment

    /// Makes a base that is sealed with a key of its own under the snapshot's; one that exists is left as it is.
    ///
    /// - Parameter serve: serves the snapshot's bytes at the feed that it is given while what it is given runs.
    func makeSealedBase(
        _ snapshot: SnapshotBytes, bytes: Int,
        _ serve: @escaping @Sendable (SnapshotFeed, @Sendable () async throws -> Void) async throws -> Void
    ) async throws(VolumeBackendError)
    /// Makes a base of bytes that `fill` writes into an empty file of that size; one that exists is left as it is.
    func makeBase(
        _ snapshot: SnapshotID, bytes: Int, _ fill: @escaping @Sendable (Int32) async throws -> Void
    ) async throws(VolumeBackendError)
    /// The flat file of a base, for reading.
    func basePath(_ snapshot: SnapshotID) async throws(VolumeBackendError) -> String
    /// Removes a base at once, or when the last volume that needs it is deleted.
    func dropBase(_ snapshot: SnapshotID) async throws(VolumeBackendError)

    /// Takes a disk image file in as the read-only base of a snapshot. Returns its virtual size in bytes.
    func importBase(_ snapshot: SnapshotID, from file: DiskImageFile) async throws(VolumeBackendError) -> Int
    /// Removes a base that no volume needs any more; refused while one does.
    func deleteBase(_ snapshot: SnapshotID) async throws(VolumeBackendError)
    func bases() async throws(VolumeBackendError) -> Set<SnapshotID>
    /// What the bases take, and what stands on each.
    func baseUses() async throws(VolumeBackendError) -> [BaseUse]
}

package struct BaseUse: Sendable, Equatable {
    package var snapshot: SnapshotID
    /// On the disk.
    package var bytes: Int
    package var volumes: [VolumeID]
    package init(snapshot: SnapshotID, bytes: Int, volumes: [VolumeID]) {
        (self.snapshot, self.bytes, self.volumes) = (snapshot, bytes, volumes)
    }
}

package enum VolumeBackendError: Error, Equatable, Sendable {
    case noSuchVolume(VolumeID)
    case noSuchSnapshot(SnapshotID)
    case baseInUse(SnapshotID)
    /// The file is no disk image of a format we read; the text says why.
    case unreadableImage(String)
    case noSpace(String)
    case commandFailed(String, exitStatus: Int32, standardError: String)
    case hostFailed(String)
}

/// A moment that is served by a process of its own, until `end`.
package struct ServedMoment: Sendable {
    package var source: MomentSource
    package var end: @Sendable () async -> Void
    package init(source: MomentSource, end: @escaping @Sendable () async -> Void) {
        (self.source, self.end) = (source, end)
    }
}

/// It may carry a secret, and so is never written anywhere.
package struct VolumeFile: Sendable, Equatable {
    package enum Format: String, Sendable, Codable { case qcow2, raw }
    package var path: String
    package var format: Format
    /// The files beneath a clone, the nearest first, which must be readable too: flat and raw.
    package var backingPaths: [String]
    /// What opens the one beneath it, which is a sealed qcow2 file then.
    package var basePassphrase: VolumePassphrase?
    /// Where it reads what it has not of its snapshot, instead of a file beneath it.
    package var feed: SnapshotFeed?
    /// What opens it; nil: its bytes are in the clear. What lies beneath it is not sealed by it.
    package var passphrase: VolumePassphrase?
    /// The account's key that the passphrase is sealed with.
    package var key: EncryptionKeyID?
    /// Through which guests have it together: the process that serves it there alone has the file open. nil: a guest has it
    /// for itself.
    package var sharedFolder: SharedVolumeFolder?
    package init(
        path: String, format: Format, backingPaths: [String] = [], feed: SnapshotFeed? = nil,
        passphrase: VolumePassphrase? = nil, key: EncryptionKeyID? = nil
    ) {
        (self.path, self.format, self.backingPaths) = (path, format, backingPaths)
        (self.feed, self.passphrase, self.key) = (feed, passphrase, key)
    }
}

/// The folder with the socket at which a volume is served to several guests. Whoever has it as a descriptor can reach the
/// socket in it, and nothing else.
package struct SharedVolumeFolder: Sendable, Equatable {
    package var path: String
    package init(path: String) { self.path = path }

    package static let socketName = "volume"
}

/// A snapshot's bytes, served by NBD to one volume alone.
package struct SnapshotFeed: Sendable, Equatable {
    package var snapshot: SnapshotBytes
    /// Whoever has it as a descriptor can reach the socket in it, and nothing else.
    package var folder: String
    /// Of the volume: its snapshot has no more.
    package var volumeBytes: Int
    package init(snapshot: SnapshotBytes, folder: String, volumeBytes: Int) {
        (self.snapshot, self.folder, self.volumeBytes) = (snapshot, folder, volumeBytes)
    }

    package static let socketName = "feed"
    /// The snapshot, and the key that its blocks are sealed with.
    package static func export(of snapshot: SnapshotBytes) -> String {
        snapshot.id.description + (snapshot.key.map { "/\($0)" } ?? "")
    }
}

package struct DiskImageFile: Sendable, Equatable, Codable {
    package enum Format: String, Sendable, Codable, CaseIterable { case raw, qcow2, vmdk, vhd = "vpc", vhdx }
    package var path: String
    /// nil: told by the file's own header.
    package var format: Format?
    package init(path: String, format: Format?) { (self.path, self.format) = (path, format) }
}
