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
    func prepare() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard chmod(path, 0o711) == 0 else {
            throw CommandFailure("\(path) cannot be prepared: \(String(cString: strerror(errno)))")
        }
        try FileManager.default.createDirectory(atPath: records, withIntermediateDirectories: true)
        chmod(records, 0o700)
    }

    /// Writes a small file whole or not at all, readable by its owner alone.
    func write<Value: Encodable>(_ value: Value, to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let temporary = file + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("\(temporary) cannot be written: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let bytes = Array(try encoder.encode(value))
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(temporary, file) == 0
        else { throw CommandFailure("\(file) cannot be written: \(String(cString: strerror(errno)))") }
    }

    /// Removes what Apus keeps there, and the directory if nothing else is in it.
    func purge() throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard FileManager.default.fileExists(atPath: records) else {
            throw CommandFailure("\(path) is not a state directory of Apus; nothing was removed.")
        }
        let own = [
            volumes, path + "/bases", kernels, path + "/guests", identity, credentials, endpoint, operatorSocket,
            path + "/acceleration.json", path + "/credits.json", path + "/build-tiny", path + "/quickstart",
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
    var url: String { "http://127.0.0.1:\(port)" }
}

/// What a command says when it cannot do its work: a sentence that tells what to do, and the exit code.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
