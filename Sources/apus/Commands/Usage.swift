import ArgumentParser
import CloudTypes
import ControlPlane
import FoundationEssentials
import Logging
import NodeContract
import SQLiteStore

/// `apus usage`: what accounts used, as CSV.
struct Usage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what accounts used, as CSV.",
        discussion: """
            Instances count by the second from when they run to when they begin to stop, a minute at least for each start; \
            volumes their GiB and snapshots the GiB of their data by the hour; Elastic IP addresses by the hour, \
            associated or idle; charged surplus CPU credits by vCPU-hours. Days are UTC. What is over is added up by day the day after: from then on single \
            resources are not told apart. Kept for 400 days. Works while `apus up` runs, and when it doesn't.
            """)

    @OptionGroup var state: StateOptions
    @Option(help: "From this day or moment on: 2026-11-01, 2026-11-01T08:00:00Z; default: all that is kept.")
    var from: String?
    @Option(help: "Up to this day or moment, itself not included; default: now.") var to: String?
    @Option(help: "Of this account alone.") var account: String?
    @Option(help: "A column: account, type, resource, day or tag:KEY (repeatable); default: account and type.")
    var groupBy: [String] = []

    func run() async throws {
        let report = UsageOrder(
            from: from, to: to, account: account, columns: groupBy.isEmpty ? ["account", "type"] : groupBy)
        _ = try report.report(at: SystemTime().now)
        let client = OperatorClient(socketPath: state.directory.operatorSocket)
        if let answer = try client.call("POST", "/usage", body: Array(try JSONEncoder().encode(report))) {
            let text = String(decoding: answer.body, as: UTF8.self)
            guard answer.status == 200 else { throw CommandFailure(text) }
            return print(text, terminator: "")
        }
        print(try await alone(report), terminator: "")
    }

    /// Nothing runs: the records are opened here. What goes on is counted up to now: guests run on without Apus.
    private func alone(_ order: UsageOrder) async throws -> String {
        guard FileManager.default.fileExists(atPath: state.directory.records) else {
            throw CommandFailure("There is no cloud in \(state.directory.path). Start one: apus up")
        }
        let none = NodeCapabilities(architectures: [], acceleration: "", processorCount: 0, memoryMiB: 0)
        let cloud = try await Cloud.open(
            SQLiteStore(directory: state.directory.records),
            settings: CloudSettings(region: "us-east-1", capabilities: none),
            log: Logger(label: "apus", factory: { _ in SwiftLogNoOpLogHandler() }), time: SystemTime())
        let text = try order.report(at: cloud.now).csv(of: cloud.records, at: cloud.now)
        await cloud.close()
        return text
    }
}

/// What an operator wants to know of usage.
struct UsageOrder: Codable {
    var from: String?
    var to: String?
    var account: String?
    var columns: [String]

    func report(at now: Timestamp) throws -> UsageReport {
        let columns = try columns.map { text in
            guard let column = UsageReport.Column(text) else {
                throw CommandFailure("There is no column \(text): account, type, resource, day and tag:KEY are.")
            }
            return column
        }
        let account = try account.map { text in
            guard let account = AccountID(text) else { throw CommandFailure("\(text) is no account: twelve digits.") }
            return account
        }
        return UsageReport(
            from: try from.map(UsageOrder.moment) ?? Timestamp(milliseconds: 0),
            to: try to.map(UsageOrder.moment) ?? now,
            account: account, columns: columns)
    }

    private static func moment(_ text: String) throws -> Timestamp {
        guard let moment = Timestamp(iso8601: text.count == 10 ? text + "T00:00:00Z" : text) else {
            throw CommandFailure("\(text) is no day and no moment: 2026-11-01 and 2026-11-01T08:00:00Z are.")
        }
        return moment
    }
}
