// Runs qemu-img, and puts its failures into the backend's words.

import Backends
import HostSystem

enum ImageTool {
    static func run(
        _ arguments: [String], deadline: Duration
    ) async throws(VolumeBackendError) -> HostCommand.Outcome {
        do throws(HostCommandError) {
            return try await HostCommand.run(
                arguments, limits: HostCommand.Limits(deadline: deadline, output: 1 << 20))
        } catch {
            switch error {
            case .notFound(let tool): throw .hostFailed("\(tool) is not installed")
            case .startFailed, .timedOut, .tooMuchOutput, .cancelled: throw .hostFailed("\(error)")
            }
        }
    }

    /// As `run`; an exit status other than 0 is thrown.
    static func require(_ arguments: [String], deadline: Duration) async throws(VolumeBackendError) {
        let outcome = try await run(arguments, deadline: deadline)
        guard outcome.isSuccess else {
            throw .commandFailed(
                arguments.prefix(2).joined(separator: " "), exitStatus: outcome.exitStatus,
                standardError: outcome.errorText)
        }
    }
}
