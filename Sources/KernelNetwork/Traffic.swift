// What has gone through guests' interfaces, as the kernel counts it in their VPC's namespace.

import Backends
import CloudTypes
import HostSystem
import NodeContract

enum Traffic {
    /// Bytes that were received and sent. An interface that is not there has seen none.
    static func bytes(
        of interfaces: [NetworkInterfaceID], in namespace: OwnedDescriptor
    ) async throws(NetworkFabricError) -> Int {
        do {
            // The calling thread's own namespace, not the process's.
            let table = try await HostThread.run(inNamespace: namespace.number) {
                SmallFile.read("/proc/thread-self/net/dev")
            }
            return bytes(of: Set(interfaces.map(Names.port)), inTable: table ?? "")
        } catch {
            throw .hostFailed("\(error)")
        }
    }

    /// - Parameter table: a line for each link: its name, a colon, eight figures of what came in, eight of what went out.
    static func bytes(of links: Set<String>, inTable table: String) -> Int {
        table.split(separator: "\n").reduce(0) { sum, line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, links.contains(parts[0].filter { $0 != " " }) else { return sum }
            let figures = parts[1].split(separator: " ").map { Int($0) ?? 0 }
            return figures.count > 8 ? sum + figures[0] + figures[8] : sum
        }
    }
}
