import ArgumentParser
import FoundationEssentials

/// `apus status`: what runs.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what runs.", discussion: "Exit code 1 when nothing serves on this state.")

    @OptionGroup var state: StateOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let directory = state.directory
        let client = OperatorClient(socketPath: directory.operatorSocket)
        guard let answer = try client.call("GET", "/status"), answer.status == 200 else {
            print(json ? "{\"serving\":false}" : "Nothing serves on \(directory.path). Start it: apus up")
            throw ExitCode.failure
        }
        var status = try JSONDecoder().decode(OperatorService.Status.self, from: Data(answer.body))
        let endpoint = directory.read(Endpoint.self, from: directory.endpoint)
        (status.endpoint, status.pid) = (endpoint?.url, endpoint?.pid)
        if json { return print(try JSONLine.text(status)) }
        print("serving       \(status.endpoint ?? "?")  (region \(status.region), pid \(status.pid ?? 0))")
        print(
            "acceleration  \(status.acceleration)\(status.acceleration == "tcg" ? ": emulation is no security boundary" : "")"
        )
        let states = status.instances.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        print("instances     \(states.isEmpty ? "none" : states.joined(separator: ", "))")
        print("volumes       \(status.volumes)")
        print("vpcs          \(status.vpcs)")
        print("images        \(status.images)")
        print("accounts      \(status.accounts)")
        print("memory        \(status.residentMiB) MiB resident")
        if let free = status.freeDiskMiB { print("disk          \(free >> 10) GiB free") }
        guard !status.waitingForSpace.isEmpty else { return }
        print("waiting       \(status.waitingForSpace.joined(separator: ", "))")
        print(
            "              These stand still: the disk is full. Make room on it; `apus gc` tells what snapshots would give back."
        )
    }
}

/// A value as the line of JSON that commands print.
enum JSONLine {
    static func text<Value: Encodable>(_ value: Value) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
