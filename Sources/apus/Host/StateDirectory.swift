// Where Apus keeps everything it knows, and the names of the files there.

import ArgumentParser
import CloudTypes
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// `--state-dir`, shared by all commands.
struct StateOptions: ParsableArguments {
    @Option(
        name: .customLong("state-dir"),
        help: ArgumentHelp(
            "Where records, disks and logs live.",
            discussion: "Default: $APUS_STATE_DIR, else /var/lib/apus for root and ~/.local/share/apus for others."))
    var path: String?

    func validate() throws {
        guard path?.isEmpty != true else { throw ValidationError("--state-dir names no folder.") }
    }

    var directory: StateDirectory { StateDirectory(path: StateDirectory.absolute(path ?? StateDirectory.standard)) }
}

struct StateDirectory: Sendable {
    let path: String

    var records: String { path + "/records" }
    var credentials: String { path + "/credentials.json" }
    var endpoint: String { path + "/endpoint.json" }
    var identity: String { path + "/identity" }
    var kernels: String { path + "/kernels" }
    var volumes: String { path + "/volumes" }
    var snapshots: String { path + "/snapshots" }
    var moments: String { path + "/moments" }
    var keys: String { path + "/keys" }
    var guests: String { path + "/guests" }
    var servers: String { path + "/servers" }
    var operatorSocket: String { path + "/operator.sock" }

    static var standard: String {
        let environment = ProcessInfo.processInfo.environment
        if let chosen = environment["APUS_STATE_DIR"], !chosen.isEmpty { return chosen }
        if geteuid() == 0 { return "/var/lib/apus" }
        return (environment["HOME"] ?? "/tmp") + "/.local/share/apus"
    }

    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Makes the directory, closed to other users.
    ///
    /// - Throws: ``CommandFailure`` where the host does not let us, or the path is longer than a socket's may be.
    func prepare() throws(CommandFailure) {
        let longest = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
        guard operatorSocket.utf8.count <= longest else {
            let room = longest - (operatorSocket.utf8.count - path.utf8.count)
            throw CommandFailure("\(path) is too long a path: at most \(room) bytes. Choose another with --state-dir.")
        }
        try HostFiles.makeFolder(path)
        guard chmod(path, 0o711) == 0 else {
            throw CommandFailure(
                "\(path) cannot be closed to other users: \(HostFiles.reason()). Choose another with --state-dir.")
        }
        try HostFiles.makeFolder(records)
        chmod(records, 0o700)
    }

    /// The region that the cloud calls itself: the one it was made with.
    ///
    /// - Throws: ``CommandFailure`` where another is wished for: subnets and volumes lie in the zones of the first.
    func region(wished: String?) throws(CommandFailure) -> String {
        guard let kept = read(Endpoint.self, from: endpoint)?.region else { return wished ?? "us-east-1" }
        guard wished == nil || wished == kept else {
            throw CommandFailure(
                "The cloud on \(path) is the region \(kept). Start it without --region, or choose another --state-dir.")
        }
        return kept
    }

    /// - Throws: ``CommandFailure`` where the cloud there is not of this kind: its guests and disks would be lost.
    func check(isSimulated: Bool) throws(CommandFailure) {
        guard let kept = read(Endpoint.self, from: endpoint)?.isSimulated, kept != isSimulated else { return }
        throw CommandFailure(
            kept
                ? "The cloud on \(path) is simulated. Start it with --simulate, or choose another --state-dir."
                : "The cloud on \(path) has real guests. Start it without --simulate, or choose another --state-dir.")
    }

    /// Removes the folder if it holds nothing but empty folders of ours.
    func removeIfEmpty() {
        for folder in [kernels, guests, servers, path] { rmdir(folder) }
    }

    /// Writes a small file whole or not at all, readable by its owner alone.
    // Joined with a caller that is asynchronous, the optimiser of Swift 6.3 crashes on it.
    @inline(never)
    func write<Value: Encodable>(_ value: Value, to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try HostFiles.write(Array(try encoder.encode(value)), to: file)
    }

    /// Removes what Apus keeps there, and the directory if nothing else is in it.
    func purge() throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard FileManager.default.fileExists(atPath: records) else {
            throw CommandFailure("\(path) is not a state directory of Apus; nothing was removed.")
        }
        let own = [
            keys, volumes, path + "/bases", path + "/feeds", snapshots, moments, kernels, guests, servers, identity,
            credentials, endpoint, prices, operatorSocket,
            path + "/acceleration.json", path + "/credits.json", path + "/reserve", path + "/build-tiny",
            path + "/quickstart",
            path + "/apus.log", records,
        ]
        for file in own where FileManager.default.fileExists(atPath: file) {
            try FileManager.default.removeItem(atPath: file)
        }
        rmdir(path)
    }

    func read<Value: Decodable>(_ type: Value.Type, from file: String) -> Value? {
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        return try? JSONDecoder().decode(type, from: data)
    }
}

/// The operator's own keys, made at the first start.
struct Credentials: Codable, Sendable {
    var accountId: String
    var accessKeyId: String
    var secretAccessKey: String

    init(_ account: NewAccountText) {
        (accountId, accessKeyId, secretAccessKey) = (account.accountId, account.accessKeyId, account.secretAccessKey)
    }
}
typealias NewAccountText = (accountId: String, accessKeyId: String, secretAccessKey: String)

/// Where the last `apus up` on this state served.
struct Endpoint: Codable, Sendable {
    var port: Int
    var region: String
    var pid: Int32
    /// nil: written by an Apus that did not tell.
    var isSimulated: Bool?
    var url: String { "http://127.0.0.1:\(port)" }
}

/// What a command says when it cannot do its work: a sentence that tells what to do, and the exit code.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
