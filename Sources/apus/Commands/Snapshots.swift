import ArgumentParser
import FoundationEssentials

/// `apus snapshots`: the bytes of snapshots, as the operator looks after them.
struct Snapshots: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, verify, export and import the snapshots of all accounts.",
        subcommands: [List.self, Verify.self, Export.self, Import.self])

    struct Output: ParsableArguments {
        @OptionGroup var state: StateOptions
        @Flag(help: "Print JSON.") var json = false

        /// The answer's body.
        func ask(_ method: String, _ target: String, _ order: SnapshotOrders) throws -> [UInt8] {
            let client = OperatorClient(socketPath: state.directory.operatorSocket)
            guard let answer = try client.call(method, target, body: Array(try JSONEncoder().encode(order))) else {
                throw CommandFailure(
                    "Nothing serves on \(state.directory.path). Start it first: apus up --state-dir \(state.directory.path)"
                )
            }
            guard (200..<300).contains(answer.status) else {
                let failure = try? JSONDecoder().decode(OperatorService.Failure.self, from: Data(answer.body))
                throw CommandFailure(failure?.error ?? "The running Apus refused.")
            }
            return answer.body
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the snapshots of all accounts.")
        @OptionGroup var output: Output

        func run() async throws {
            let body = try output.ask("GET", "/snapshots", SnapshotOrders())
            if output.json { return print(String(decoding: body, as: UTF8.self)) }
            for line in try JSONDecoder().decode([SnapshotLine].self, from: Data(body)) {
                print("\(line.snapshotId)  \(line.accountId)  \(line.sizeGiB) GiB  \(line.state)  \(line.description)")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read snapshots back and compare every block with what was stored.",
            discussion: "Exit code 1 where a block is damaged. A damaged block is healed when it is stored again.")
        @Argument(help: "Ids of snapshots; default: all.") var snapshots: [String] = []
        @OptionGroup var output: Output

        func run() async throws {
            var wanted = snapshots
            if wanted.isEmpty {
                let all = try output.ask("GET", "/snapshots", SnapshotOrders())
                wanted = try JSONDecoder().decode([SnapshotLine].self, from: Data(all))
                    .filter { $0.state == "completed" && $0.isStored }.map(\.snapshotId)
            }
            var reports: [VerifyLine] = []
            for id in wanted {
                let body = try output.ask("POST", "/snapshots/verify", SnapshotOrders(snapshotId: id))
                let line = try JSONDecoder().decode(VerifyLine.self, from: Data(body))
                reports.append(line)
                if !output.json {
                    let damage = line.damagedBlocks.map { "\($0)" }.joined(separator: ", ")
                    print("\(id)  \(line.blocks) blocks  \(damage.isEmpty ? "sound" : "DAMAGED: blocks \(damage)")")
                }
            }
            if wanted.isEmpty, !output.json { print("No snapshot has stored blocks.") }
            if output.json { print(String(decoding: try JSONEncoder().encode(reports), as: UTF8.self)) }
            if reports.contains(where: { !$0.damagedBlocks.isEmpty }) { throw ExitCode(1) }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a snapshot as one file that needs nothing else.",
            discussion: "An encrypted snapshot stays sealed: only a host that has its account's key takes it in.")
        @Argument(help: "The snapshot's id.") var snapshot: String
        @Argument(help: "The file; one that exists is replaced.") var file: String
        @OptionGroup var output: Output

        func run() async throws {
            let path = StateDirectory.absolute(file)
            _ = try output.ask("POST", "/snapshots/export", SnapshotOrders(snapshotId: snapshot, path: path))
            print(output.json ? #"{"path":"\#(path)"}"# : path)
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a snapshot in from a file that `apus snapshots export` wrote.",
            discussion: "A damaged file is refused as a whole, and so is a sealed one whose key is not on this host.")
        @Argument(help: "The file.") var file: String
        @Option(help: "The snapshot's description.") var description = ""
        @Option(help: "The id of the account that it is to belong to; default: that of `apus env`.") var account:
            String?
        @OptionGroup var output: Output

        func run() async throws {
            let path = StateDirectory.absolute(file)
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw CommandFailure("\(file) cannot be read.")
            }
            let directory = output.state.directory
            let own = directory.read(Credentials.self, from: directory.credentials)?.accountId
            let order = SnapshotOrders(path: path, description: description, accountId: account ?? own)
            let body = try output.ask("POST", "/snapshots/import", order)
            let line = try JSONDecoder().decode(SnapshotLine.self, from: Data(body))
            print(output.json ? String(decoding: body, as: UTF8.self) : line.snapshotId)
        }
    }
}

/// `apus gc`: space that nothing needs any more.
struct CollectGarbage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Give back the space of blocks that no snapshot has any more.",
        discussion: """
            Deleting a snapshot does that by itself, a little later. --dry-run tells what would be given back.
            Volumes of an image stand on one flat copy of its snapshot; each such copy is told, with the instances that
            need it, or what would free it.
            """
    )
    @Flag(help: "Tell, and change nothing.") var dryRun = false
    @OptionGroup var output: Snapshots.Output

    func run() async throws {
        let body = try output.ask("POST", "/gc", SnapshotOrders(dryRun: dryRun))
        if output.json { return print(String(decoding: body, as: UTF8.self)) }
        let report = try JSONDecoder().decode(CollectionReport.self, from: Data(body))
        print("Blocks of snapshots: \(ByteText.of(report.storedBytes)). \(CollectGarbage.told(report))")
        for base in report.bases ?? [] {
            let kind = base.isSecondCopy ? "a second copy of its blocks" : "its only copy"
            let use = base.volumes.isEmpty ? "no volume" : Counted.text(base.volumes.count, "volume")
            print("Base of \(base.snapshotId): \(ByteText.of(base.bytes)), \(kind), under \(use).")
            print(
                base.advice.map { "  To free it: \($0)." } ?? "  Needed by \(base.instances.joined(separator: ", ")).")
        }
    }

    private static func told(_ report: CollectionReport) -> String {
        let unused = "\(ByteText.of(report.unusedBytes)) in \(Counted.text(report.unusedBlocks, "block"))"
        if let freed = report.freedBytes {
            return freed == 0 ? "Nothing of it could be given back." : "Given back: \(ByteText.of(freed))."
        }
        return report.unusedBlocks == 0
            ? "Snapshots need all of it." : "No snapshot needs \(unused) of it: `apus gc` gives that back."
    }
}
