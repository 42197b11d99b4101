// A process that serves a volume's moment by NBD, read-only: it ends when its last client hangs up, as ours do
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
    /// What opens a sealed base beneath the volume.
    let basePassphrase: VolumePassphrase?
    /// Where what the volume has not read of its snapshot is served; nil: it has all.
    let feedFolder: String?
    let socket: String
    let export: String
    /// The record of changes to tell of.
    let bitmap: String?

    private func arguments(listeningAt socket: String, _ secrets: [ToolSecret]) -> [String] {
        let secret = passphrase == nil ? nil : secrets.first
        var image = (moments + [volume]).enumerated().flatMap { depth, file in
            let options = ["driver=qcow2", "file.filename=\(file)"] + (secret == nil ? [] : [ToolSecret.option])
            return options.map { String(repeating: "backing.", count: depth) + $0 }
        }
        if basePassphrase != nil {
            image.append(
                String(repeating: "backing.", count: moments.count + 1) + "encrypt.key-secret=\(ToolSecret.baseID)")
        }
        // As the volume's own header names the feed, it is looked for in the working directory.
        var arguments = feedFolder.map { ["env", "--chdir=\($0)"] } ?? []
        arguments += ["qemu-nbd", "--fork", "--pid-file=\(processFile)", "--read-only"]
        // As many clients as copies of the volume read of it while it is stored.
        arguments += ["--export-name=\(export)", "--socket=\(socket)", "--shared=0"]
        if let bitmap { arguments.append("--bitmap=\(bitmap)") }
        return arguments + secrets.flatMap(\.arguments) + ["--image-opts", image.joined(separator: ",")]
    }

    /// Returns once it listens. Nothing is left of one that does not in time.
    func start(within deadline: Duration = .seconds(30)) async throws(VolumeBackendError) -> ServedMoment {
        unlink(socket)
        unlink(processFile)
        do throws(SystemError) { try ProcessWatch.adoptOrphans() } catch { throw .system(error) }
        var secrets: [ToolSecret] = []
        if let passphrase { secrets.append(try ToolSecret(passphrase)) }
        if let basePassphrase { secrets.append(try ToolSecret(basePassphrase, as: ToolSecret.baseID)) }
        // A socket's address holds 107 bytes: its folder is reached through a descriptor of ours, until it listens.
        let slash = socket.lastIndex(of: "/") ?? socket.startIndex
        let folder = try VolumeDirectory.open(String(socket[..<slash]), O_RDONLY | O_DIRECTORY)
        defer { withExtendedLifetime((folder, secrets)) {} }
        let short = "/proc/\(getpid())/fd/\(folder.number)\(socket[slash...])"
        // The server is the tool's child, and ours from then on; the tool ends when the server listens, or cannot.
        let process: ProcessWatch
        do throws(VolumeBackendError) {
            let outcome = try await ImageTool.run(arguments(listeningAt: short, secrets), deadline: deadline)
            guard outcome.isSuccess, let started = serverProcess() else {
                throw VolumeBackendError.hostFailed("qemu-nbd does not serve \(volume): \(outcome.errorText)")
            }
            process = started
        } catch {
            await endLeftovers()
            throw error
        }
        let (path, processFile) = (socket, processFile)
        return ServedMoment(
            source: MomentSource(
                socketPath: socket, export: export, changes: bitmap.map { "qemu:dirty-bitmap:\($0)" })
        ) {
            // It writes nothing; a gentler signal is lost where it comes before the first client.
            process.signal(SIGKILL)
            _ = await process.waitForEnd()
            unlink(path)
            unlink(processFile)
        }
    }

    private var processFile: String { socket + ".pid" }

    private func serverProcess() -> ProcessWatch? {
        guard let text = SmallFile.read(processFile), let pid = Int32(text.filter(\.isNumber)) else { return nil }
        return try? ProcessWatch(pid)
    }

    /// The server outlives the tool that was ended before it listened, and would keep the volume's file from everybody.
    private func endLeftovers() async {
        for pid in MomentServer.servers(with: "--pid-file=\(processFile)") {
            guard let process = try? ProcessWatch(pid) else { continue }
            process.signal(SIGKILL)
            _ = await process.waitForEnd()
        }
        unlink(socket)
        unlink(processFile)
    }

    /// Ends servers of an earlier run of ours, by the folder of the volumes that they serve.
    static func endOrphans(of folder: String) {
        // They may stand still, and write nothing.
        for pid in servers(with: "file.filename=\(folder)/") { ProcessIdentity(of: pid)?.endBlocking(grace: nil) }
    }

    private static func servers(with argument: String) -> [Int32] {
        SmallFile.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            let words = (SmallFile.read("/proc/\(pid)/cmdline") ?? "").split(separator: "\0")
            return words.first?.hasSuffix("qemu-nbd") == true && words.contains { $0.contains(argument) }
        }
    }
}
