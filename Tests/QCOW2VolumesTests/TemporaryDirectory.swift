import Foundation
import HostSystem

/// A directory of its own for a test, removed with the value.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "apus-volumes-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], length: UInt64? = nil) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        if let length {
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file(name)))
            try handle.truncate(atOffset: length)
            try handle.close()
        }
        return file(name)
    }

    func names(in directory: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: file(directory)))
    }

    /// Bytes that a file takes on the disk.
    func allocated(_ path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Failed(text: "stat \(path)") }
        return Int(status.st_blocks) * 512
    }

    /// Runs a tool that must succeed; answers what it printed.
    @discardableResult
    func run(_ arguments: String...) async throws -> String {
        let outcome = try await HostCommand.run(arguments)
        guard outcome.isSuccess else { throw Failed(text: outcome.errorText + outcome.outputText) }
        return outcome.outputText
    }

    struct Failed: Error { let text: String }
}
