import ArgumentParser
import FoundationEssentials

/// `apus doctor`: what this host can and cannot do.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell what this host can and cannot do, and what to do about it.",
        discussion: "Exit code 0 when guests can run here, 2 when something they need is missing.")

    @OptionGroup var state: StateOptions
    @Option(help: "The port that `apus up` would take.") var port = 4566
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let directory = state.directory
        let isNew = !FileManager.default.fileExists(atPath: directory.path)
        let findings = await HostExamination(directory: directory, port: port).findings()
        if isNew { directory.removeIfEmpty() }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(findings), as: UTF8.self))
        } else {
            for finding in findings { print(line(finding)) }
        }
        if findings.contains(where: { $0.verdict == .missing }) { throw ExitCode(2) }
    }

    private func line(_ finding: Finding) -> String {
        let verdict = finding.verdict.rawValue + String(repeating: " ", count: 8 - finding.verdict.rawValue.count)
        let subject = finding.subject + String(repeating: " ", count: max(1, 20 - finding.subject.count))
        return "\(verdict) \(subject) \(finding.detail)"
            + (finding.advice.map { "\n                              → \($0)" } ?? "")
    }
}
