// One run of a tool, on a thread of its own: starts it, gathers what it prints, ends it when it must.

import CHostSystem
import Glibc

/// Wakes a waiting thread once; may be raised from anywhere, also after the thread is gone.
final class CancellationSignal: Sendable {
    let descriptor: Int32
    init() throws(SystemError) {
        descriptor = apus_signal_open()
        if descriptor < 0 { throw SystemError("eventfd") }
    }
    func raise() { apus_signal_raise(descriptor) }
    deinit { close(descriptor) }
}

struct RunningCommand: Sendable {
    let path: String
    let arguments: [String]
    let input: [UInt8]?
    let environment: [String: String]
    let limits: HostCommand.Limits
    let cancellation: CancellationSignal
    private var tool: String { arguments.first ?? path }

    /// Blocks until the tool has ended and been reaped.
    func perform() -> Result<HostCommand.Outcome, HostCommandError> {
        do throws(SystemError) {
            let output = try Pipe()
            let error = try Pipe()
            let source = try InputFile(input)
            let pid = try Spawn.start(
                path, arguments, environment,
                descriptors: [(source.file.number, 0), (output.writing.number, 1), (error.writing.number, 2)],
                newSession: false)
            let exit = try? OwnedDescriptor(apus_pidfd_open(pid), "pidfd_open")
            output.writing.close()
            error.writing.close()
            return finish(pid, exit: exit, output: output, error: error)
        } catch {
            return .failure(.startFailed(tool, error))
        }
    }

    private func finish(
        _ pid: Int32, exit: OwnedDescriptor?, output: Pipe, error: Pipe
    ) -> Result<HostCommand.Outcome, HostCommandError> {
        var gathered = Gathered(output: output, error: error, limit: limits.output)
        let reason = exit.map { watch($0, &gathered) } ?? .startFailed(tool, SystemError("pidfd_open"))
        if reason != nil { kill(pid, SIGKILL) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        if let reason { return .failure(reason) }
        guard gathered.drain() else { return .failure(.tooMuchOutput(tool, limit: limits.output)) }
        let code = apus_exit_code(status)
        return .success(
            HostCommand.Outcome(
                exitStatus: apus_was_signalled(status) != 0 ? 128 + code : code,
                standardOutput: gathered.output, standardError: gathered.error))
    }

    /// Reads until the process has ended (nil) or must be ended (why).
    ///
    /// Waits for the process, not for the end of its output: a daemon that it left behind may hold that open.
    private func watch(_ exit: OwnedDescriptor, _ gathered: inout Gathered) -> HostCommandError? {
        let clock = ContinuousClock()
        let end = clock.now + limits.deadline
        while true {
            let polled = [exit.number, cancellation.descriptor] + gathered.descriptors
            var requests = polled.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let remaining = end - clock.now
            if remaining <= .zero { return .timedOut(tool, limits.deadline) }
            let parts = remaining.components
            let milliseconds = min(parts.seconds, 3600) * 1000 + parts.attoseconds / 1_000_000_000_000_000 + 1
            let ready = poll(&requests, nfds_t(requests.count), Int32(milliseconds))
            if ready < 0 && errno != EINTR { return .startFailed(tool, SystemError("poll")) }
            guard ready > 0 else { continue }
            if requests[1].revents != 0 { return .cancelled(tool) }
            guard gathered.drain() else { return .tooMuchOutput(tool, limit: limits.output) }
            if requests[0].revents != 0 { return nil }
        }
    }
}

/// What a tool has printed so far, and the pipes where more may come.
private struct Gathered {
    private let pipes: [Pipe]
    private let limit: Int
    private(set) var texts: [[UInt8]] = [[], []]
    private var isOpen = [true, true]
    var output: [UInt8] { texts[0] }
    var error: [UInt8] { texts[1] }
    var descriptors: [Int32] { pipes.indices.filter { isOpen[$0] }.map { pipes[$0].reading.number } }

    init(output: Pipe, error: Pipe, limit: Int) {
        pipes = [output, error]
        self.limit = limit
    }

    /// Reads all that is there now; false when it is more than the limit.
    mutating func drain() -> Bool {
        for index in pipes.indices where isOpen[index] {
            while true {
                var buffer = [UInt8](repeating: 0, count: 32 << 10)
                let count = read(pipes[index].reading.number, &buffer, buffer.count)
                if count > 0 {
                    texts[index].append(contentsOf: buffer[..<count])
                    if texts[index].count > limit { return false }
                } else {
                    if count == 0 { isOpen[index] = false }
                    if count < 0 && errno == EINTR { continue }
                    break
                }
            }
        }
        return true
    }
}
