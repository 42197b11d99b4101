// A process that serves a volume's moment by NBD, read-only, to one client: it ends when the client hangs up, as it does
// when we die. What a crash left before a client came is ended at the next start.

import Backends
import Glibc
import HostSystem

struct MomentServer: Sendable {
    let volume: String
    /// The files of what was overwritten since, the oldest first, each beneath the one before.
    let moments: [String]
    /// What opens them all; nil: they are in the clear.
    let passphrase: VolumePassphrase?
    /// Where what the volume has not read of its snapshot is served; nil: it has all.
    let feedFolder: String?
    let socket: String
    let export: String
    /// The record of changes to tell of.
    let bitmap: String?

    private func arguments(listeningAt socket: String, _ secret: ToolSecret?) -> [String] {
        let image = (moments + [volume]).enumerated().flatMap { depth, file in
            let options = ["driver=qcow2", "file.filename=\(file)"] + (secret == nil ? [] : [ToolSecret.option])
            return options.map { String(repeating: "backing.", count: depth) + $0 }
        }
        // As the volume's own header names the feed, it is looked for in the working directory.
        var arguments = feedFolder.map { ["env", "--chdir=\($0)"] } ?? []
        arguments += ["qemu-nbd", "--read-only", "--export-name=\(export)", "--socket=\(socket)"]
        if let bitmap { arguments.append("--bitmap=\(bitmap)") }
        return arguments + (secret?.arguments ?? []) + ["--image-opts", image.joined(separator: ",")]
    }

    /// Returns once it listens.
    func start() async throws(VolumeBackendError) -> ServedMoment {
        unlink(socket)
        let log = socket + ".log"
        let process: ProcessWatch
        let secret: ToolSecret? = if let passphrase { try ToolSecret(passphrase) } else { nil }
        // A socket's address holds 107 bytes: its folder is reached through a descriptor of ours, until it listens.
        let folder: OwnedDescriptor
        let short: String
        do {
            let slash = socket.lastIndex(of: "/") ?? socket.startIndex
            folder = try OwnedDescriptor(
                open(String(socket[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open folder of \(socket)")
            short = "/proc/\(getpid())/fd/\(folder.number)\(socket[slash...])"
            let pid = try await HostCommand.spawnDetached(arguments(listeningAt: short, secret), outputPath: log)
            process = try ProcessWatch(pid)
        } catch {
            throw .hostFailed("qemu-nbd: \(error)")
        }
        defer { withExtendedLifetime((folder, secret)) {} }
        for _ in 0..<1_000 {
            // It tells nobody that it listens.
            if process.end != nil { break }
            if access(socket, F_OK) == 0, MomentServer.listens(at: short) {
                let (path, log) = (socket, log)
                return ServedMoment(
                    source: MomentSource(
                        socketPath: socket, export: export, changes: bitmap.map { "qemu:dirty-bitmap:\($0)" })
                ) {
                    // It writes nothing; a gentler signal is lost where it comes before the first client.
                    process.signal(SIGKILL)
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

    /// A socket has its name a moment before somebody listens at it; trying it out would be the one client.
    private static func listens(at address: String) -> Bool {
        // Of each socket: number, references, protocol, flags, of which one says that it listens.
        guard let sockets = SmallFile.read("/proc/net/unix") else { return true }
        return sockets.split(separator: "\n").contains { $0.contains(" 00010000 ") && $0.hasSuffix(" " + address) }
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
