import ArgumentParser
import FoundationEssentials

/// `apus credits`: what burstable instances have of CPU credits.
struct Credits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the CPU credits of burstable instances.",
        discussion: """
            A credit is a vCPU at full speed for a minute. Looked at once a minute; `used` and `charged` are sums over the \
            instance's life, `processors` is what it may use now.
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "An instance's id; without it all.") var instance: String?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let client = OperatorClient(socketPath: state.directory.operatorSocket)
        guard let answer = try client.call("GET", "/credits"), answer.status == 200 else {
            throw CommandFailure("Nothing serves on \(state.directory.path). Start it: apus up")
        }
        let lines = try JSONDecoder().decode([CreditLine].self, from: Data(answer.body))
            .filter { instance ?? $0.instanceId == $0.instanceId }
        if let instance, lines.isEmpty {
            throw CommandFailure("\(instance) is no instance that has CPU credits, or never ran.")
        }
        if json { return print(try JSONLine.text(lines)) }
        let head = [
            "INSTANCE", "TYPE", "STATE", "CREDITS", "BALANCE", "OF", "USED", "SURPLUS", "CHARGED", "PROCESSORS",
        ]
        let rows = lines.map { line in
            [line.instanceId, line.instanceType, line.state, line.cpuCredits]
                + [
                    line.CPUCreditBalance, line.maximum, line.CPUCreditUsage, line.CPUSurplusCreditBalance,
                    line.CPUSurplusCreditsCharged, line.processors,
                ].map { Credits.figure($0) }
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [head] + rows {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            print(cells.joined(separator: "  "))
        }
    }

    private static func figure(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
