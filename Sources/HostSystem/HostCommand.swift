// Runs the host's tools: argument lists (never a shell), bounded output, a deadline, no inherited descriptors.
// A command whose task is cancelled is killed. Input is handed over whole, before the tool starts, so that a tool
// never sees half of it should we die.

import CHostSystem
import Glibc

package enum HostCommandError: Error, Equatable, Sendable {
    /// No executable of that name on the search path.
    case notFound(String)
    case startFailed(String, SystemError)
    /// Killed since it ran longer than its deadline.
    case timedOut(String, Duration)
    /// Killed since it printed more than its limit, in bytes.
    case tooMuchOutput(String, limit: Int)
    case cancelled(String)
}

package enum HostCommand {
    package struct Outcome: Sendable, Equatable {
        /// As the process gave it; 128 + the signal's number where a signal ended it.
        package var exitStatus: Int32
        package var standardOutput: [UInt8]
        package var standardError: [UInt8]
        package var outputText: String { String(decoding: standardOutput, as: UTF8.self) }
        package var errorText: String { String(decoding: standardError, as: UTF8.self) }
        package var isSuccess: Bool { exitStatus == 0 }
    }

    /// How a command may run.
    package struct Limits: Sendable {
        package var deadline: Duration
        /// Of standard output and standard error each, in bytes.
        package var output: Int
        package init(deadline: Duration = .seconds(60), output: Int = 16 << 20) {
            (self.deadline, self.output) = (deadline, output)
        }
    }

    /// Where tools are looked for, and the only variables that they get unless told otherwise.
    package static let searchPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    package static let plainEnvironment = ["PATH": searchPath.joined(separator: ":"), "LC_ALL": "C.UTF-8"]

    /// The absolute path of a tool; a name with a slash is taken as it is. Nil where none is executable.
    package static func path(of tool: String) -> String? {
        let candidates = tool.contains("/") ? [tool] : searchPath.map { "\($0)/\(tool)" }
        return candidates.first { access($0, X_OK) == 0 }
    }

    /// Runs `arguments[0]` with the rest as its arguments and waits for its end.
    ///
    /// - Parameter namespace: an open descriptor of the network namespace to run in; nil is the process's own.
    package static func run(
        _ arguments: [String], standardInput: [UInt8]? = nil, environment: [String: String] = plainEnvironment,
        inNamespace namespace: Int32? = nil, limits: Limits = Limits()
    ) async throws(HostCommandError) -> Outcome {
        let tool = arguments.first ?? ""
        guard let path = path(of: tool) else { throw .notFound(tool) }
        let cancellation: CancellationSignal
        do { cancellation = try CancellationSignal() } catch { throw .startFailed(tool, error) }
        let running = RunningCommand(
            path: path, arguments: arguments, input: standardInput, environment: environment, limits: limits,
            cancellation: cancellation)
        let outcome: Result<Outcome, HostCommandError> = await withTaskCancellationHandler {
            do throws(SystemError) {
                return try await HostThread.run(inNamespace: namespace) { running.perform() }
            } catch {
                return .failure(.startFailed(tool, error))
            }
        } onCancel: {
            cancellation.raise()
        }
        return try outcome.get()
    }

    /// The same on the calling thread, which waits, in the namespace that the thread is in.
    /// For threads of one's own, never for a task.
    package static func runBlocking(
        _ arguments: [String], standardInput: [UInt8]? = nil, environment: [String: String] = plainEnvironment,
        limits: Limits = Limits()
    ) throws(HostCommandError) -> Outcome {
        let tool = arguments.first ?? ""
        guard let path = path(of: tool) else { throw .notFound(tool) }
        let cancellation: CancellationSignal
        do { cancellation = try CancellationSignal() } catch { throw .startFailed(tool, error) }
        let running = RunningCommand(
            path: path, arguments: arguments, input: standardInput, environment: environment, limits: limits,
            cancellation: cancellation)
        return try running.perform().get()
    }
}
