// A process killed with SIGKILL amid its work: what it was told is durable is there, and only whole commits.

import CloudStore
import Foundation
import SQLiteStore
import Testing

@Suite("A store whose process is killed")
struct KillTests {
    /// Starts the probe, kills it when it has told of so many commits, and returns the last one it told of.
    private func runAndKill(in directory: String, inFlight: Int, after acknowledged: Int) throws -> Revision {
        let probe = Process()
        let programs = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        probe.executableURL = programs.appendingPathComponent("StoreCrashProbe")
        probe.arguments = [directory, "\(inFlight)"]
        let output = Pipe()
        probe.standardOutput = output
        try probe.run()
        var told = Data()
        while told.count(where: { $0 == UInt8(ascii: "\n") }) < acknowledged {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            told += more
        }
        kill(probe.processIdentifier, SIGKILL)
        told += try output.fileHandleForReading.readToEnd() ?? Data()
        probe.waitUntilExit()
        // A number cut off by the kill was not told.
        let lines = String(decoding: told, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        return try #require(lines.dropLast().last.flatMap { Revision($0) })
    }

    @Test("again and again holds all it acknowledged, as a prefix of the commits", arguments: [1, 8, 64])
    func killed(inFlight: Int) async throws {
        let folder = try TemporaryFolder()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<6 {
            let moment = Int.random(in: 1...400, using: &generator)
            let acknowledged = try runAndKill(in: folder.store, inFlight: inFlight, after: moment)
            let found = try await expectPrefix(in: folder.store)
            #expect(found >= acknowledged)
            #expect(found <= acknowledged + Revision(inFlight))
        }
    }
}
