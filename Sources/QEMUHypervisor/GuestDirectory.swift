// The files of one guest: its record, sockets and logs. Root's alone; QEMU gets descriptors.

import CloudTypes
import FoundationEssentials
import Glibc
import HostSystem
import JSON
import QMP

struct GuestDirectory: Sendable, Equatable {
    let path: String

    init(_ instance: InstanceID, in parent: String) { path = "\(parent)/\(instance)" }

    var record: String { path + "/launch.json" }
    var monitorSocket: String { path + "/monitor.sock" }
    /// All that the monitor said, so that we can read what it told while we were away.
    var monitorLog: String { path + "/monitor.log" }
    /// Where QEMU serves the moments of its volumes.
    var momentsSocket: String { path + "/moments.sock" }
    var consoleSocket: String { path + "/console.sock" }
    var consoleLog: String { path + "/console.log" }
    /// QEMU's own standard error.
    var processLog: String { path + "/qemu.log" }
    var variables: String { path + "/uefi-variables.fd" }

    /// The argument by which a guest's process is known among all processes of the host.
    func marker(consoleLog number: Int32) -> String {
        "fd=\(number),set=\(number),opaque=\(QEMUArguments.escaped(consoleLog))"
    }

    func make() throws(SystemError) {
        if mkdir(path, 0o700) != 0 && errno != EEXIST { throw SystemError("mkdir \(path)") }
    }

    /// Replaces the record as a whole; it is on the disk when this returns.
    func write(_ record: GuestRecord) throws(GuestRecordError) {
        let draft = self.record + ".new"
        do {
            let bytes = [UInt8](try JSONEncoder().encode(record))
            let file = try OwnedDescriptor(open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600), "open")
            guard Glibc.write(file.number, bytes, bytes.count) == bytes.count else { throw SystemError("write") }
            guard fdatasync(file.number) == 0 else { throw SystemError("fdatasync") }
            guard rename(draft, self.record) == 0 else { throw SystemError("rename") }
        } catch {
            throw .notWritten("\(self.record): \(error)")
        }
    }

    /// Nil where there is none.
    func readRecord() throws(GuestRecordError) -> GuestRecord? {
        guard access(record, F_OK) == 0 else { return nil }
        guard let text = SmallFile.read(record) else { throw .unreadable(record) }
        do { return try JSONDecoder().decode(GuestRecord.self, from: Data(text.utf8)) } catch {
            throw .unreadable("\(record): \(error)")
        }
    }

    func removeRecord() { unlink(record) }

    func remove() throws(SystemError) {
        do { try FileManager.default.removeItem(atPath: path) } catch {
            if access(path, F_OK) == 0 { throw SystemError("remove \(path)") }
        }
    }

    /// The reason of the last SHUTDOWN event that the monitor told anyone or no one.
    func shutdownReason() -> String? { lastEvent("SHUTDOWN").map { $0.data["reason"]?.text ?? "" } }

    /// When the guest restarted last, be it while nobody listened.
    func lastRestart() -> Timestamp? {
        lastEvent("RESET")?.microseconds.map { Timestamp(milliseconds: $0 / 1000) }
    }

    private func lastEvent(_ name: String) -> QMPEvent? {
        guard let log = LogFile(monitorLog) else { return nil }
        for line in log.tail(64 << 10).bytes.split(separator: 0x0a).reversed() {
            guard let message = try? JSONValue(parsing: line), let event = QMPEvent(message), event.name == name
            else { continue }
            return event
        }
        return nil
    }

    /// The end of what QEMU complained of.
    func complaint() -> String {
        guard let log = LogFile(processLog) else { return "" }
        return String(decoding: log.tail(2048).bytes, as: UTF8.self)
    }
}

enum GuestRecordError: Error, Equatable, Sendable {
    case notWritten(String)
    case unreadable(String)
}
