// A child that shares this terminal, for builders that show their own progress. Signals that ask to end are the child's
// to obey, from its start on: it takes away what it made and ends, and this process goes on to do the same.

import Dispatch
import HostSystem

#if canImport(Glibc)
    import Glibc
#endif

struct ForegroundProcess {
    private static let forwarded = [SIGINT, SIGTERM, SIGHUP]
    private let child: pid_t
    private let sources: [any DispatchSourceSignal]

    init(_ arguments: [String]) throws {
        guard let path = HostCommand.path(of: arguments[0]) else {
            throw CommandFailure("\(arguments[0]) is not installed.")
        }
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Only the command's result may appear on our standard output.
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        ForegroundProcess.leaveSignals(to: &attributes)
        var child: pid_t = 0
        let result = posix_spawn(&child, path, &actions, &attributes, &pointers, environ)
        guard result == 0 else {
            throw CommandFailure("\(path) cannot be started: \(String(cString: strerror(result)))")
        }
        self.child = child
        let started = child
        sources = ForegroundProcess.forwarded.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { kill(started, number) }
            source.resume()
            return source
        }
    }

    /// The child, which would inherit that they are ignored, minds them.
    private static func leaveSignals(to attributes: inout posix_spawnattr_t) {
        var minded = sigset_t()
        sigemptyset(&minded)
        for number in forwarded {
            signal(number, SIG_IGN)
            sigaddset(&minded, number)
        }
        posix_spawnattr_setsigdefault(&attributes, &minded)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    }

    /// The exit status; 128 and the signal's number where a signal ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        for source in sources { source.cancel() }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
    }
}
