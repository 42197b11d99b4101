// A process killed with SIGKILL amid its work: what it was told is durable is there, and snapshots are whole.

import BlockCrashProbe
import BlockStore
import Foundation
import Testing

@Suite("A block store whose process is killed")
struct KillTests {
    /// What the probe told of before it was killed.
    private struct Told {
        var made: Set<Int> = []
        var deleted: Set<Int> = []
        var flushed: [Int: Set<Int>] = [:]
        var last: Int { max(made.max() ?? 0, flushed.keys.max() ?? 0) }

        mutating func add(_ line: Substring) {
            let words = line.split(separator: " ")
            guard words.count >= 2, let number = Int(words[1]) else { return }
            switch words[0] {
            case "made": made.insert(number)
            case "deleted": deleted.insert(number)
            default: if words.count == 3, let index = Int(words[2]) { flushed[number, default: []].insert(index) }
            }
        }
    }

    /// Starts the probe and kills it when it has told of so many things.
    private func runAndKill(in directory: String, first: Int, after lines: Int, _ told: inout Told) throws {
        let probe = Process()
        let programs = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        probe.executableURL = programs.appendingPathComponent("BlockCrashProbe")
        probe.arguments = [directory, "\(first)"]
        let output = Pipe()
        probe.standardOutput = output
        try probe.run()
        var text = Data()
        while text.count(where: { $0 == UInt8(ascii: "\n") }) < lines {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            text += more
        }
        kill(probe.processIdentifier, SIGKILL)
        text += try output.fileHandleForReading.readToEnd() ?? Data()
        probe.waitUntilExit()
        #expect(probe.terminationReason == .uncaughtSignal)
        // A line cut off by the kill was not told.
        let whole = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for line in whole.dropLast() { told.add(line) }
    }

    /// What a snapshot's blocks are, made over those before it.
    private func expected(_ number: Int, from first: Int) -> [Int: Int] {
        var content: [Int: Int] = [:]
        for made in first...max(first, number) {
            for index in ProbeBlocks.indexes(made) { content[index] = made + index }
        }
        return content
    }

    private func check(_ directory: String, first: Int, _ told: Told) throws {
        let store = try BlockStore(directory: directory)
        let snapshots = Set(store.snapshots())
        for number in told.made where !told.deleted.contains(number) {
            let id = try #require(ProbeBlocks.id(number))
            // The next thing after making one is to delete an older one, which may not have been told.
            #expect(snapshots.contains(id) || number <= told.last - 2, "\(number)")
        }
        for number in told.deleted { #expect(!snapshots.contains(try #require(ProbeBlocks.id(number)))) }
        for (number, indexes) in told.flushed where !told.made.contains(number) {
            let id = try #require(ProbeBlocks.id(number))
            if snapshots.contains(id) { continue }
            let draft = try store.draft(id)
            for index in indexes { #expect(try draft.contains(index)) }
        }
        for number in max(first, told.last - 4)...(told.last + 1) {
            guard let id = ProbeBlocks.id(number), snapshots.contains(id) else { continue }
            let contents = try store.contents(id)
            #expect(contents.keys.sorted() == expected(number, from: first).keys.sorted())
            for (index, block) in expected(number, from: first) {
                #expect(contents[index] == ProbeBlocks.block(block), "\(number) at \(index)")
            }
        }
    }

    @Test("again and again holds all it acknowledged, and every snapshot whole")
    func killed() throws {
        let folder = try TemporaryFolder()
        var generator = SystemRandomNumberGenerator()
        var told = Told()
        var first = 1
        for _ in 0..<10 {
            let moment = Int.random(in: 1...60, using: &generator)
            try runAndKill(in: folder.store, first: first, after: moment, &told)
            try check(folder.store, first: 1, told)
            // It goes on with what it was making.
            first = told.made.max().map { $0 + 1 } ?? 1
        }
    }
}
