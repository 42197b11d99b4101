// A child that shares this terminal, for builders that show their own progress. Signals that ask to end are the child's
// to obey, from its start on: it takes away what it made and ends, and this process goes on to do the same.

import HostSystem
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

struct ForegroundProcess {
    /// The child that signals go to; 0: none.
    private static let current = Atomic<pid_t>(0)
    private let child: pid_t

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
        ForegroundProcess.forwardSignals()
        // This thread may block signals, and the child would too.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let result = posix_spawn(&child, path, &actions, &attributes, &pointers, environ)
        guard result == 0 else {
            throw CommandFailure("\(path) cannot be started: \(String(cString: strerror(result)))")
        }
        self.child = child
        ForegroundProcess.current.store(child, ordering: .relaxed)
    }

    /// From now on they end this process only through its child, which begins with their usual meaning.
    private static func forwardSignals() {
        current.store(0, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                let child = ForegroundProcess.current.load(ordering: .relaxed)
                if child > 0 { kill(child, number) }
            }
        }
    }

    /// The exit status; 128 and the signal's number where a signal ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        ForegroundProcess.current.store(0, ordering: .relaxed)
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
    }
}
