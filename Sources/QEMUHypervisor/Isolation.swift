// What stands between a guest's QEMU and the host: an own user, no capabilities, no way to gain any, no network but
// its taps, no core dumps of guest memory. QEMU adds its own seccomp filter.

import Backends
import Glibc
import HostSystem

/// Whom a guest's QEMU runs as.
struct Isolation: Equatable {
    let userID: UInt32
    /// The group of /dev/kvm, where only that may open it; nil otherwise.
    var deviceGroup: UInt32?
    /// Whether all of its memory may stay where it is, for devices that it has for itself.
    var pinsMemory = false

    /// The commands that turn themselves into `program`, each without leaving a process behind.
    func wrapping(_ program: [String]) -> [String] {
        var arguments = ["unshare", "--net", "--", "prlimit", "--core=0"]
        arguments += pinsMemory ? ["--memlock=unlimited:unlimited", "--"] : ["--"]
        arguments += ["setpriv", "--reuid=\(userID)", "--regid=\(userID)"]
        arguments.append(deviceGroup.map { "--groups=\($0)" } ?? "--clear-groups")
        arguments += ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs", "--"]
        return arguments + program
    }

    /// Starts a program so, which goes on after us; returns as soon as the process exists.
    func spawn(
        _ program: String, _ arguments: [String], inheriting: [Int32: Int32], outputPath: String
    ) async throws(HypervisorError) -> ProcessWatch {
        guard let binary = HostCommand.path(of: program) else { throw .unavailable("\(program) is not installed") }
        let pid: pid_t
        do throws(HostCommandError) {
            pid = try await HostCommand.spawnDetached(
                wrapping([binary] + arguments), inheriting: inheriting, outputPath: outputPath)
        } catch {
            switch error {
            case .notFound(let tool): throw .unavailable("\(tool) is not installed")
            case .startFailed, .timedOut, .tooMuchOutput, .cancelled: throw .hostFailed("\(error)")
            }
        }
        do throws(SystemError) { return try ProcessWatch(pid) } catch {
            Glibc.kill(pid, SIGKILL)
            while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
            throw .hostFailed(error.description)
        }
    }

    static let sandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
}
