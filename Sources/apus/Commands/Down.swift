import ArgumentParser
import CloudStore
import FoundationEssentials
import HostSystem
import SQLiteStore

/// `apus down`: every guest ended, every trace on the host removed.
struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End every guest and remove everything that Apus made on this host, save records and disks.")

    @OptionGroup var state: StateOptions
    @Flag(help: "Remove records and disks too.") var purge = false

    func run() async throws {
        let directory = state.directory
        if FileManager.default.fileExists(atPath: directory.records) {
            let records = try takeRecords(directory)
            try await HostCleaning(directory: directory, records: records).run()
        }
        if purge { try directory.purge() }
    }

    /// The records, from which nobody else serves any more: whoever has them, also one that is only starting or
    /// ending, is ended first. As long as we have them no other can make anything on the host.
    ///
    /// - Returns: the failure where they cannot be read; the host can be cleaned all the same.
    private func takeRecords(_ directory: StateDirectory) throws(StoreError) -> Result<SQLiteStore, StoreError> {
        var isSecond = false
        while true {
            do throws(StoreError) {
                return .success(try SQLiteStore(directory: directory.records))
            } catch .alreadyInUse(let pid) {
                if isSecond { throw .alreadyInUse(pid: pid) }
                pid.flatMap { ProcessIdentity(of: $0) }?.endBlocking(grace: .seconds(15))
                isSecond = true
            } catch {
                return .failure(error)
            }
        }
    }
}
