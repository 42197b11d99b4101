// Taking away what Apus made on a host: guests, networks, run files; and telling the records that the guests stopped.

import CloudStore
import CloudTypes
import ControlPlane
import KernelNetwork
import Logging
import NodeContract
import QEMUHypervisor
import SQLiteStore

#if canImport(Glibc)
    import Glibc
#endif

struct HostCleaning {
    let directory: StateDirectory
    /// Held for as long as this lasts.
    let records: Result<SQLiteStore, StoreError>

    func run() async throws {
        let log = Logger(label: "apus", factory: { _ in SwiftLogNoOpLogHandler() })
        if geteuid() == 0 {
            try await removeGuests(log)
            try await removeNetworks()
        }
        try await tellRecords(log)
        unlink(directory.operatorSocket)
    }

    private func removeGuests(_ log: Logger) async throws {
        let configuration = QEMUConfiguration(stateDirectory: directory.path)
        let hypervisor = try QEMUHypervisor(configuration: configuration, logger: log)
        for (instance, _) in try await hypervisor.adopt() {
            try await hypervisor.kill(instance)
            try await hypervisor.forget(instance)
        }
    }

    private func removeNetworks() async throws {
        let configuration = KernelNetwork.Configuration(stateDirectory: directory.path)
        try await KernelNetwork(configuration).removeEverything()
    }

    /// The next start finds the instances stopped, not lost.
    private func tellRecords(_ log: Logger) async throws {
        let region = directory.read(Endpoint.self, from: directory.endpoint)?.region ?? "us-east-1"
        let none = NodeCapabilities(architectures: [], acceleration: "", processorCount: 0, memoryMiB: 0)
        let cloud = try await Cloud.open(
            records.get(), settings: CloudSettings(region: region, capabilities: none),
            log: log, time: SystemTime())
        try await cloud.transact(as: .system(for: cloud.operatorAccount)) { transaction throws(EC2Error) in
            transaction.noteHostDown()
        }
        await cloud.close()
    }
}
