// Whether guests are well: the fabric asks their systems, the hypervisor their machines, side by side.

import Backends
package import CloudTypes
import Logging
package import NodeContract

extension LocalNode {
    package nonisolated func examine(
        _ guests: [GuestExamination]
    ) async throws(NodeError) -> [InstanceID: GuestHealth] {
        async let machines = machines(of: guests.map(\.run))
        let answering = await answering(guests.compactMap(\.port))
        let found = await machines
        let pairs = guests.map { guest in
            let machine = found[guest.run] ?? MachineHealth(isThere: false, hasDisks: true)
            let isReachable = guest.port.map { answering.contains($0.interface) } ?? machine.isThere
            return (
                guest.run.instance,
                GuestHealth(isReachable: isReachable, hasMachine: machine.isThere, hasDisks: machine.hasDisks)
            )
        }
        return Dictionary(pairs) { $1 }
    }

    private nonisolated func machines(of runs: [GuestRun]) async -> [GuestRun: MachineHealth] {
        await withTaskGroup(of: (GuestRun, MachineHealth).self) { [hypervisor] group in
            for run in runs { group.addTask { (run, await hypervisor.examine(run)) } }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// A VPC that cannot be asked is one in which nobody answers.
    private nonisolated func answering(_ ports: [GuestExamination.Port]) async -> Set<NetworkInterfaceID> {
        await withTaskGroup(of: Set<NetworkInterfaceID>.self) { [fabric, log] group in
            for (vpc, ports) in Dictionary(grouping: ports, by: \.vpc) {
                group.addTask {
                    do {
                        return try await fabric.answering(ports, in: vpc)
                    } catch {
                        log.warning("guests cannot be asked", metadata: ["vpc": "\(vpc)", "error": "\(error)"])
                        return []
                    }
                }
            }
            return await group.reduce(into: []) { $0.formUnion($1) }
        }
    }
}
