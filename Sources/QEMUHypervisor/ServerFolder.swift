// The files of one process that serves a volume to several guests. Root's alone, save the folder with the socket, which
// guests' machines get as a descriptor.

import Backends
import CloudTypes
import FoundationEssentials
import Glibc
import HostSystem
import NodeContract

/// Who has a shared volume, and as whom it is served.
struct ServerRecord: Codable, Sendable, Equatable {
    struct User: Codable, Hashable, Sendable {
        let instance: InstanceID
        let launch: Int
        init(_ run: GuestRun) { (instance, launch) = (run.instance, run.launch) }
        var run: GuestRun { GuestRun(instance: instance, launch: launch) }
    }

    var version = 1
    /// Of the host: no process outlives it.
    var bootID: String
    var userID: UInt32
    /// What all guests together may do.
    var limits: DiskLimits?
    /// Named before they get the volume, and until they have it no more.
    var users: Set<User> = []
}

struct ServerFolder: Sendable, Equatable {
    let path: String

    init(_ volume: VolumeID, in parent: String) { path = "\(parent)/\(volume)" }

    var record: String { path + "/users.json" }
    var monitorSocket: String { path + "/monitor.sock" }
    /// QEMU's own standard error.
    var processLog: String { path + "/server.log" }
    var shared: SharedVolumeFolder { SharedVolumeFolder(path: path + "/guests") }
    var volumeSocket: String { "\(shared.path)/\(SharedVolumeFolder.socketName)" }

    /// The argument by which the process is known among all processes of the host.
    var marker: String { "guest=server \(QEMUArguments.escaped(path))" }

    func make() throws(SystemError) {
        try SmallFile.makeFolder(path, mode: 0o700)
        try SmallFile.makeFolder(shared.path, mode: 0o711)
        guard chmod(shared.path, 0o711) == 0 else { throw SystemError("chmod \(shared.path)") }
    }

    /// Not synced: when the host's power goes, all guests are gone with it.
    func write(_ record: ServerRecord) throws(HypervisorError) {
        do {
            let text = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
            try SmallFile.replace(self.record, with: text, mode: 0o600)
        } catch {
            throw .hostFailed("\(self.record): \(error)")
        }
    }

    func readRecord() -> ServerRecord? {
        guard let text = SmallFile.read(record) else { return nil }
        return try? JSONDecoder().decode(ServerRecord.self, from: Data(text.utf8))
    }

    func remove() {
        SmallFile.removeFolder(shared.path)
        SmallFile.removeFolder(path)
    }

    func complaint() -> String {
        guard let log = LogFile(processLog) else { return "" }
        return String(decoding: log.tail(2048).bytes, as: UTF8.self)
    }
}
