import ArgumentParser
import CloudTypes
import ControlPlane
import FoundationEssentials

/// `apus limits`: what an account has of what it may have.
struct Limits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List an account's quotas with what it has of each.",
        discussion: """
            Bounds are AWS's defaults for new accounts, or what `apus up --quota NAME=COUNT` says. Of what is bounded for each \
            resource, such as routes in a table, the most of any is told.
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "The account; default: the one whose keys `apus env` prints.") var account: String?
    @Flag(help: "Only what the account has some of.") var used = false
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let client = OperatorClient(socketPath: state.directory.operatorSocket)
        let own = state.directory.read(Credentials.self, from: state.directory.credentials)?.accountId
        guard let account = account ?? own else {
            throw CommandFailure("No cloud was started on \(state.directory.path) yet. Start one: apus up")
        }
        let order = Array(try JSONEncoder().encode(LimitsOrder(account: account)))
        guard let answer = try client.call("POST", "/limits", body: order) else {
            throw CommandFailure("Nothing serves on \(state.directory.path). Start it: apus up")
        }
        guard answer.status == 200 else {
            let failure = try? JSONDecoder().decode(OperatorService.Failure.self, from: Data(answer.body))
            throw CommandFailure(failure?.error ?? "The running Apus refused.")
        }
        let all = try JSONDecoder().decode([LimitLine].self, from: Data(answer.body))
        let lines = used ? all.filter { $0.use > 0 } : all
        if json { return print(try JSONLine.text(lines)) }
        let rows = lines.map { ["\($0.quota)", "\($0.use)", "\($0.limit)"] }
        print(TextTable(rows: [["quota", "use", "limit"]] + rows, leftColumns: [0]).lines.joined(separator: "\n"))
    }
}

struct LimitsOrder: Codable, Sendable { var account: String }

struct LimitLine: Codable, Sendable {
    var quota: String
    var use: Int
    var limit: Int
}

extension OperatorService {
    func limits(_ body: [UInt8]) throws -> [LimitLine] {
        let order = try JSONDecoder().decode(LimitsOrder.self, from: Data(body))
        let records = cloud.records
        guard let id = AccountID(order.account), records.accounts[id] != nil else {
            throw CommandFailure("There is no account \(order.account).")
        }
        return QuotaEntry.all.map { entry in
            LimitLine(
                quota: entry.name, use: entry.use(records, id), limit: cloud.settings.quotas[keyPath: entry.bound])
        }
    }
}
