import ArgumentParser
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// `apus down`: every guest ended, every trace on the host removed.
struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End every guest and remove everything that Apus made on this host, save records and disks.")

    @OptionGroup var state: StateOptions
    @Flag(help: "Remove records and disks too.") var purge = false

    func run() async throws {
        let directory = state.directory
        try stopServing(directory)
        if FileManager.default.fileExists(atPath: directory.path) {
            try await HostCleaning(directory: directory).run()
        }
        if purge { try directory.purge() }
    }

    /// Ends a running `apus up` on the state and waits for it.
    private func stopServing(_ directory: StateDirectory) throws {
        guard let endpoint = directory.read(Endpoint.self, from: directory.endpoint),
            try OperatorClient(socketPath: directory.operatorSocket).call("GET", "/status") != nil
        else { return }
        kill(endpoint.pid, SIGTERM)
        for _ in 0..<150 where kill(endpoint.pid, 0) == 0 { usleep(100_000) }
        if kill(endpoint.pid, 0) == 0 { kill(endpoint.pid, SIGKILL) }
    }
}
