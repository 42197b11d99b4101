import ArgumentParser
import CloudTypes
import ControlPlane
import FoundationEssentials
import Logging
import NodeContract
import SQLiteStore

/// `apus accounts`: who may call.
struct Accounts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make accounts.", subcommands: [Create.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account with an access key and a default VPC of its own.",
            discussion: "Works while `apus up` runs, and when it doesn't.")

        @OptionGroup var state: StateOptions
        @Option(help: "A name for the account.") var name = "account"
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let made = try await create()
            if json {
                print(try JSONLine.text(made))
            } else {
                print("account            \(made.accountId)")
                print("access key id      \(made.accessKeyId)")
                print("secret access key  \(made.secretAccessKey)")
            }
        }

        private func create() async throws -> Credentials {
            let directory = state.directory
            let order = Array(try JSONEncoder().encode(OperatorService.AccountOrder(name: name)))
            let client = OperatorClient(socketPath: directory.operatorSocket)
            if let answer = try client.call("POST", "/accounts", body: order) {
                guard answer.status == 201 else {
                    throw CommandFailure(String(decoding: answer.body, as: UTF8.self))
                }
                return try JSONDecoder().decode(Credentials.self, from: Data(answer.body))
            }
            return try await createAlone(in: directory)
        }

        /// Nothing runs: the records are opened here. Before the first start the region is not known: the default VPC
        /// is then made at the account's first call.
        private func createAlone(in directory: StateDirectory) async throws -> Credentials {
            try directory.prepare()
            let region = directory.read(Endpoint.self, from: directory.endpoint)?.region
            let none = NodeCapabilities(architectures: [], acceleration: "", processorCount: 0, memoryMiB: 0)
            let cloud = try await Cloud.open(
                SQLiteStore(directory: directory.records),
                settings: CloudSettings(region: region ?? "us-east-1", capabilities: none),
                log: Logger(label: "apus", factory: { _ in SwiftLogNoOpLogHandler() }), time: SystemTime())
            let made = try await cloud.createAccount(name: name, isPrepared: region != nil)
            await cloud.close()
            return made
        }
    }
}
