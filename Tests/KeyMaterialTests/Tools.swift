// The tools that judge our keys, in a folder of their own.

import Foundation
import HostSystem
import Testing

enum Tool {
    static func has(_ name: String) -> Bool { HostCommand.path(of: name) != nil }
}

/// A folder that goes when the test ends.
final class Folder {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("apus-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes a file that only its owner may read, as ssh-keygen wants it.
    func write(_ text: String, to name: String) throws -> String {
        let file = path(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        return file
    }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path(name)))) }
}

/// Runs a tool that must succeed.
func run(_ arguments: String..., input: [UInt8]? = nil) async throws -> [UInt8] {
    let outcome = try await HostCommand.run(arguments, standardInput: input)
    try #require(outcome.isSuccess, "\(arguments): \(outcome.errorText)")
    return outcome.standardOutput
}

func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}
