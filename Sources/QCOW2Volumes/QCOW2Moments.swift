// Moments of volumes, as files: what a guest overwrites is kept in one; what changed since is in the volume's own file,
// as bitmaps named after snapshots; and a volume that no guest has open is read through a server.

package import Backends
package import CloudTypes
import DiskFormats
import FoundationEssentials
import Glibc
import HostSystem

extension QCOW2Volumes {
    package func makeMoment(
        _ snapshot: SnapshotID, of volume: VolumeID
    ) async throws(VolumeBackendError) -> String {
        try await removeMoment(snapshot)
        let name = QCOW2Volumes.momentName(of: snapshot, 0)
        try momentFiles.create(name, try emptyMoment(of: volume))
        return momentFiles.file(name)
    }

    package func extendMoment(
        _ snapshot: SnapshotID, of volume: VolumeID
    ) async throws(VolumeBackendError) -> [String] {
        var names = momentNames(of: snapshot)
        let content = try emptyMoment(of: volume)
        // The last is still empty where whoever was to hold the moment never did.
        if let last = names.last, try momentHeader(last)?.virtualSize == content.virtualSize,
            try momentFiles.size(of: last) == Int(content.length)
        {
            return names.map(momentFiles.file)
        }
        names.append(QCOW2Volumes.momentName(of: snapshot, names.count))
        try momentFiles.create(names[names.count - 1], content)
        return names.map(momentFiles.file)
    }

    private func emptyMoment(of volume: VolumeID) throws(VolumeBackendError) -> EmptyQCOW2 {
        let header = try header(of: volume)
        return EmptyQCOW2(
            virtualSize: header.virtualSize, backingFile: nil, closing: .told, seal: try seal(of: volume, header))
    }

    /// The oldest first.
    private func momentNames(of snapshot: SnapshotID) -> [String] {
        Array((0...).lazy.map { QCOW2Volumes.momentName(of: snapshot, $0) }.prefix(while: momentFiles.contains))
    }

    private func momentHeader(_ name: String) throws(VolumeBackendError) -> QCOW2Header? {
        QCOW2Header(try momentFiles.beginning(of: name, count: 4096))
    }

    /// What opens the volume's clusters opens those of its moments too: no secret is needed to make them, and with the
    /// volume's key they are gone.
    private func seal(of volume: VolumeID, _ header: QCOW2Header) throws(VolumeBackendError) -> [UInt8]? {
        guard header.isEncrypted else { return nil }
        let name = QCOW2Volumes.name(of: volume)
        guard let place = header.seal else { throw .hostFailed("\(name) is sealed, and tells not where by") }
        let bytes = try volumeFiles.bytes(of: name, at: place)
        guard bytes.count == place.count else { throw .hostFailed("\(name) is cut off") }
        return bytes
    }

    package func isMomentWhole(_ snapshot: SnapshotID) async throws(VolumeBackendError) -> Bool {
        let names = momentNames(of: snapshot)
        for name in names where try momentHeader(name)?.isDirty != false { return false }
        return !names.isEmpty
    }

    /// The last first: what a crash leaves is a beginning.
    package func removeMoment(_ snapshot: SnapshotID) async throws(VolumeBackendError) {
        for name in momentNames(of: snapshot).reversed() { try momentFiles.remove(name) }
    }

    package func markChanges(
        of volume: VolumeID, since snapshot: SnapshotID
    ) async throws(VolumeBackendError) {
        try await forgetVoidChanges(of: volume)
        let known = try await bitmaps(of: volume)
        if !known.contains(where: { $0.name == snapshot.description }) {
            try await change(volume, snapshot.description, ["--add", "-g", "524288"])
        }
        for bitmap in known where bitmap.isRecording && bitmap.name != snapshot.description {
            try await change(volume, bitmap.name, ["--disable"])
        }
    }

    package func forgetChanges(
        of volume: VolumeID, exceptSince kept: Set<SnapshotID>
    ) async throws(VolumeBackendError) {
        let names = Set(kept.map(\.description))
        for bitmap in try await bitmaps(of: volume) where !names.contains(bitmap.name) {
            try await change(volume, bitmap.name, ["--remove"])
        }
    }

    /// A file of which a record of changes says nothing any more cannot grow.
    func forgetVoidChanges(of volume: VolumeID) async throws(VolumeBackendError) {
        for bitmap in try await bitmaps(of: volume) where bitmap.isVoid {
            try await change(volume, bitmap.name, ["--remove"])
        }
    }

    private func change(
        _ volume: VolumeID, _ bitmap: String, _ change: [String]
    ) async throws(VolumeBackendError) {
        let image = VolumeImage(
            path: volumeFiles.file(QCOW2Volumes.name(of: volume)),
            passphrase: try passphrase(of: volume, try header(of: volume)))
        try await image.run(["bitmap"] + change, [bitmap])
    }

    package func serveMoment(
        _ snapshot: SnapshotID, of volume: VolumeID, changedSince parent: SnapshotID?
    ) async throws(VolumeBackendError) -> ServedMoment {
        let path = volumeFiles.file(QCOW2Volumes.name(of: volume))
        let known = try await bitmaps(of: volume)
        let since = known.first { $0.name == parent?.description && !$0.isVoid }
        let server = MomentServer(
            volume: path, moments: momentNames(of: snapshot).map(momentFiles.file),
            passphrase: try passphrase(of: volume, try header(of: volume)),
            basePassphrase: try basePassphrase(beneath: try header(of: volume)),
            feedFolder: feed(of: volume, try header(of: volume))?.folder,
            socket: momentFiles.file(".\(snapshot).sock"), export: snapshot.description, bitmap: since?.name)
        return try await server.start()
    }

    /// The records of changes in a volume's file that are named after snapshots.
    private func bitmaps(of volume: VolumeID) async throws(VolumeBackendError) -> [FileBitmap] {
        let path = volumeFiles.file(QCOW2Volumes.name(of: volume))
        let outcome = try await ImageTool.run(
            ["qemu-img", "info", "-U", "--output=json", "-f", "qcow2", path], deadline: .seconds(60))
        guard outcome.isSuccess else { throw .hostFailed("qemu-img info: \(outcome.errorText)") }
        do {
            let report = try JSONDecoder().decode(BitmapReport.self, from: Data(outcome.standardOutput))
            return (report.specific?.data?.bitmaps ?? []).filter { SnapshotID($0.name) != nil }
        } catch {
            throw .hostFailed("qemu-img info: \(error)")
        }
    }

    /// - Parameter place: 0 for the oldest file of the moment.
    private static func momentName(of snapshot: SnapshotID, _ place: Int) -> String {
        place == 0 ? "\(snapshot).qcow2" : "\(snapshot).\(place).qcow2"
    }
}

/// What `qemu-img info` tells of bitmaps.
private struct BitmapReport: Decodable {
    var specific: Specific?
    enum CodingKeys: String, CodingKey { case specific = "format-specific" }
    struct Specific: Decodable { var data: Details? }
    struct Details: Decodable { var bitmaps: [FileBitmap]? }
}

private struct FileBitmap: Decodable {
    var name: String
    var flags: [String]
    var isRecording: Bool { flags.contains("auto") }
    /// Its file was not closed in good order: it says nothing.
    var isVoid: Bool { flags.contains("in-use") }
}
