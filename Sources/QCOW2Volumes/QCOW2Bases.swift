// Bases: what volumes of a snapshot stand on, read-only, one for all of them. A flat file in the clear, or, of a sealed
// snapshot, a qcow2 file that is sealed with a key of its own.

package import Backends
package import CloudTypes
import DiskFormats
import Glibc
import HostSystem
import KeyRing
package import NodeContract

extension QCOW2Volumes {
    package func makeBase(
        _ snapshot: SnapshotID, bytes: Int, _ fill: @escaping @Sendable (Int32) async throws -> Void
    ) async throws(VolumeBackendError) {
        let name = QCOW2Volumes.name(of: snapshot)
        // One that was to go with the last volume is wanted for itself again.
        guard !baseFiles.contains(name) else { return try baseFiles.remove(QCOW2Volumes.doomName(of: snapshot)) }
        let draft = baseFiles.draft(of: name)
        let file = try VolumeDirectory.open(draft, O_RDWR | O_CREAT | O_EXCL)
        do {
            guard ftruncate(file.number, off_t(bytes)) == 0 else { throw VolumeBackendError.system("ftruncate") }
            try await fill(file.number)
            guard fchmod(file.number, 0o400) == 0 else { throw VolumeBackendError.system("fchmod") }
            guard fsync(file.number) == 0 else { throw VolumeBackendError.system("fsync") }
            try baseFiles.publish(draft, as: name)
        } catch {
            unlink(draft)
            throw error as? VolumeBackendError ?? .hostFailed("\(snapshot): \(error)")
        }
    }

    package func makeSealedBase(
        _ snapshot: SnapshotBytes, bytes: Int,
        _ serve: @escaping @Sendable (SnapshotFeed, @Sendable () async throws -> Void) async throws -> Void
    ) async throws(VolumeBackendError) {
        guard let key = snapshot.key else { throw .hostFailed("\(snapshot.id) is not sealed") }
        let name = QCOW2Volumes.sealedName(of: snapshot.id)
        guard base(of: snapshot.id) == nil else {
            return try baseFiles.remove(QCOW2Volumes.doomName(of: snapshot.id))
        }
        // What is left of one whose key is gone would keep the new one from its name.
        guard try !isStoodOn(snapshot.id) else { throw .hostFailed("the base of \(snapshot.id) has lost its key") }
        try baseFiles.remove(name)
        let passphrase = try ringing { () throws(KeyRingError) in try keys.makeBaseKey(snapshot.id, under: key) }
        let content = EmptyQCOW2(
            virtualSize: UInt64(bytes), backingFile: nil, seal: try await QCOW2Volumes.seal(passphrase))
        let (draft, folder) = (baseFiles.draft(of: name), feedFiles.file(".\(snapshot.id)"))
        do {
            try content.write(to: try VolumeDirectory.open(draft, O_RDWR | O_CREAT | O_EXCL))
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw VolumeBackendError.system("mkdir \(folder)")
            }
            let source = QCOW2Volumes.feedName(of: snapshot)
            try await serve(SnapshotFeed(snapshot: snapshot, folder: folder, volumeBytes: bytes)) {
                try await VolumeImage(path: draft, passphrase: passphrase).take(source, from: folder)
            }
            let file = try VolumeDirectory.open(draft, O_RDONLY)
            guard fchmod(file.number, 0o400) == 0, fsync(file.number) == 0 else {
                throw VolumeBackendError.system("fsync")
            }
            try baseFiles.publish(draft, as: name)
        } catch {
            unlink(draft)
            throw error as? VolumeBackendError ?? .hostFailed("\(snapshot.id): \(error)")
        }
    }

    package func basePath(_ snapshot: SnapshotID) async throws(VolumeBackendError) -> String {
        // A sealed one is no flat file of the bytes.
        let name = QCOW2Volumes.name(of: snapshot)
        guard baseFiles.contains(name) else { throw .noSuchSnapshot(snapshot) }
        return baseFiles.file(name)
    }

    package func dropBase(_ snapshot: SnapshotID) async throws(VolumeBackendError) {
        guard !files(ofBase: snapshot).isEmpty else {
            // Of one whose making was cut off.
            return try ringing { () throws(KeyRingError) in try keys.removeBaseKey(of: snapshot) }
        }
        // Known after a crash too: the last volume's deletion takes the base along.
        try baseFiles.mark(QCOW2Volumes.doomName(of: snapshot))
        try dropNow(snapshot)
    }

    /// Those that are to go when no volume needs them any more.
    func doomedBases() throws(VolumeBackendError) -> [SnapshotID] {
        try baseFiles.names().compactMap { QCOW2Volumes.id(of: $0, suffix: ".doomed") }
    }

    // No `await` between the look and the removal, so that no volume is created on the base meanwhile.
    func dropNow(_ snapshot: SnapshotID) throws(VolumeBackendError) {
        guard !claims.contains(snapshot), try !isStoodOn(snapshot) else { return }
        try removeBase(snapshot)
        try baseFiles.remove(QCOW2Volumes.doomName(of: snapshot))
    }

    private static func doomName(of snapshot: SnapshotID) -> String { "\(snapshot).doomed" }
}
