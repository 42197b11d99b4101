// A child that shares this terminal, for builders that show their own progress.

import HostSystem

#if canImport(Glibc)
    import Glibc
#endif

struct ForegroundProcess {
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
        var child: pid_t = 0
        let result = posix_spawn(&child, path, &actions, nil, &pointers, environ)
        guard result == 0 else {
            throw CommandFailure("\(path) cannot be started: \(String(cString: strerror(result)))")
        }
        self.child = child
    }

    /// The exit status; 128 and the signal's number where a signal ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}
