// A process that serves a volume's moment by NBD, read-only, to one client: it ends when the client hangs up, as it does
// when we die. What a crash left before a client came is ended at the next start.

import Backends
import Glibc
import HostSystem

struct MomentServer: Sendable {
    let volume: String
    /// The file of what was overwritten since; nil: nothing was.
    let moment: String?
    let socket: String
    let export: String
    /// The record of changes to tell of.
    let bitmap: String?

    private func arguments(listeningAt socket: String) -> [String] {
        var image = "driver=qcow2"
        if let moment {
            image += ",file.filename=\(moment),backing.driver=qcow2,backing.file.filename=\(volume)"
        } else {
            image += ",file.filename=\(volume)"
        }
        var arguments = ["qemu-nbd", "--read-only", "--export-name=\(export)", "--socket=\(socket)"]
        if let bitmap { arguments.append("--bitmap=\(bitmap)") }
        return arguments + ["--image-opts", image]
    }

    /// Returns once it listens.
    func start() async throws(VolumeBackendError) -> ServedMoment {
        unlink(socket)
        let log = socket + ".log"
        let process: ProcessWatch
        // A socket's address holds 107 bytes: its folder is reached through a descriptor of ours, until it listens.
        let folder: OwnedDescriptor
        do {
            let slash = socket.lastIndex(of: "/") ?? socket.startIndex
            folder = try OwnedDescriptor(
                open(String(socket[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open folder of \(socket)")
            let short = "/proc/\(getpid())/fd/\(folder.number)\(socket[slash...])"
            let pid = try await HostCommand.spawnDetached(arguments(listeningAt: short), outputPath: log)
            process = try ProcessWatch(pid)
        } catch {
            throw .hostFailed("qemu-nbd: \(error)")
        }
        defer { withExtendedLifetime(folder) {} }
        for _ in 0..<1_000 {
            // It tells nobody that it listens; its socket is there a moment before it does.
            if process.end != nil { break }
            if access(socket, F_OK) == 0 {
                let (path, log) = (socket, log)
                return ServedMoment(
                    source: MomentSource(
                        socketPath: socket, export: export, changes: bitmap.map { "qemu:dirty-bitmap:\($0)" })
                ) {
                    process.signal(SIGTERM)
                    _ = await process.waitForEnd()
                    unlink(path)
                    unlink(log)
                }
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
        process.signal(SIGKILL)
        _ = await process.waitForEnd()
        let complaint = SmallFile.read(log) ?? ""
        unlink(log)
        throw .hostFailed("qemu-nbd does not serve \(volume): \(complaint)")
    }

    /// Ends servers of an earlier run of ours, by the folder of the volumes that they serve.
    static func endOrphans(of folder: String) {
        for name in SmallFile.names(in: "/proc") {
            guard let pid = Int32(name), let line = SmallFile.read("/proc/\(pid)/cmdline") else { continue }
            let words = line.split(separator: "\0")
            guard words.first?.hasSuffix("qemu-nbd") == true,
                words.contains(where: { $0.contains("file.filename=\(folder)/") })
            else { continue }
            ProcessIdentity(of: pid)?.endBlocking()
        }
    }
}
