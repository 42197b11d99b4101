// The picture on a guest's display, as its QEMU draws it into a file that it is handed.

import Backends
import Glibc
import HostSystem
import JSON
import NodeContract
import QMP

extension Guest {
    /// nil: the guest has no display.
    ///
    /// - Parameter wakingUp: a key that types nothing is pressed first.
    func screen(wakingUp: Bool) async throws(HypervisorError) -> [UInt8]? {
        guard case .running(let running) = state else { throw .noSuchGuest(id) }
        do throws(QMPError) {
            if wakingUp {
                try await running.monitor.execute(
                    "send-key", ["keys": [["type": "qcode", "data": "shift"]]])
            }
        } catch {
            throw .monitorFailed(id, "\(error)")
        }
        let file: (writing: OwnedDescriptor, reading: OwnedDescriptor)
        do throws(SystemError) { file = try pictureFile() } catch { throw .hostFailed("\(error)") }
        do throws(QMPError) {
            let added = try await running.monitor.add(file.writing.number, for: "screen")
            // A guest without a display is told of by a refusal; the set goes either way.
            let outcome: Result<JSONValue, QMPError>
            do throws(QMPError) {
                outcome = .success(
                    try await running.monitor.execute(
                        "screendump", ["filename": .string("/dev/fdset/\(added.set)")]))
            } catch {
                outcome = .failure(error)
            }
            try await running.monitor.remove(added)
            _ = try outcome.get()
        } catch {
            if case .refused("screendump", _, _) = error { return nil }
            if running.process.end != nil { throw .noSuchGuest(id) }
            throw .monitorFailed(id, "\(error)")
        }
        return Guest.contents(of: file.reading)
    }

    /// A file without a name: QEMU wants a descriptor that it may write alone.
    private func pictureFile() throws(SystemError) -> (writing: OwnedDescriptor, reading: OwnedDescriptor) {
        let path = directory.path + "/screen"
        let writing = try OwnedDescriptor(
            open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600), "open \(path)")
        let reading = try OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), "open \(path)")
        guard unlink(path) == 0 else { throw SystemError("unlink \(path)") }
        return (writing, reading)
    }

    private static func contents(of file: OwnedDescriptor) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Glibc.read(file.number, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}
