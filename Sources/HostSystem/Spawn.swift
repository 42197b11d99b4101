// Starting processes: the call underneath every command, and daemons that outlive us.

import CHostSystem
import Glibc

enum Spawn {
    /// - Parameter descriptors: ours and the child's number for it; the child has no others.
    /// - Returns: the pid of a child that must be reaped.
    static func start(
        _ path: String, _ arguments: [String], _ environment: [String: String], descriptors: [(Int32, Int32)],
        newSession: Bool
    ) throws(SystemError) -> Int32 {
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = variables.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        let sources = descriptors.map(\.0)
        let targets = descriptors.map(\.1)
        var pid: Int32 = 0
        let status = apus_spawn(
            &pid, path, &argv, &envp, sources, targets, Int32(descriptors.count), newSession ? 1 : 0)
        guard status == 0 else { throw SystemError("posix_spawn", number: status) }
        return pid
    }
}

extension HostCommand {
    /// Starts a process in a session of its own that goes on after us.
    ///
    /// Its standard input is empty. It stays our child while we live: give its pid to a `ProcessWatch`, which reaps it.
    /// - Parameters:
    ///   - inheriting: our descriptors and the numbers (3 or more) under which the child has them; they stay ours.
    ///   - outputPath: appended to by standard output and error, mode 0600; nil discards both.
    ///   - namespace: an open descriptor of the network namespace to start in; nil is the process's own.
    /// - Returns: the pid, as soon as the process has been executed.
    package static func spawnDetached(
        _ arguments: [String], inheriting: [Int32: Int32] = [:], outputPath: String? = nil,
        environment: [String: String] = plainEnvironment, inNamespace namespace: Int32? = nil
    ) async throws(HostCommandError) -> Int32 {
        let tool = arguments.first ?? ""
        guard let path = path(of: tool) else { throw .notFound(tool) }
        let attempt: Result<Int32, SystemError>
        do throws(SystemError) {
            attempt = try await HostThread.run(inNamespace: namespace) {
                startDetached(path, arguments, environment, inheriting, outputPath)
            }
        } catch {
            throw .startFailed(tool, error)
        }
        switch attempt {
        case .success(let pid): return pid
        case .failure(let error): throw .startFailed(tool, error)
        }
    }

    private static func startDetached(
        _ path: String, _ arguments: [String], _ environment: [String: String], _ inheriting: [Int32: Int32],
        _ outputPath: String?
    ) -> Result<Int32, SystemError> {
        do throws(SystemError) {
            let input = try InputFile(nil)
            let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
            let output = try OwnedDescriptor(open(outputPath ?? "/dev/null", flags, 0o600), "open output")
            var descriptors = [(input.file.number, Int32(0)), (output.number, 1), (output.number, 2)]
            for (ours, childs) in inheriting { descriptors.append((ours, childs)) }
            return .success(
                try Spawn.start(path, arguments, environment, descriptors: descriptors, newSession: true))
        } catch {
            return .failure(error)
        }
    }
}
