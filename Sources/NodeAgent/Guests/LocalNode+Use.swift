// What a guest has used: the hypervisor knows of its machine, the fabric of its interfaces.

import Backends
package import CloudTypes
package import NodeContract

extension LocalNode {
    package nonisolated func use(
        of guest: GuestRun, at interfaces: [NetworkInterfaceID], in vpc: VPCID
    ) async throws(NodeError) -> GuestUse? {
        guard var use = await hypervisor.use(of: guest) else { return nil }
        do {
            use.networkBytes = try await fabric.traffic(of: interfaces, in: vpc)
        } catch {
            throw NodeError(error)
        }
        return use
    }
}
