// Which guest has which of the host's GPUs: kept with the guest, given back when it is gone.

import Backends
import CloudTypes
import NodeContract

extension QEMUHypervisor {
    package func gpus() async -> [String: Int] {
        Dictionary(HostGPU.scan(root: configuration.sysfsRoot).map { ($0.model, 1) }, uniquingKeysWith: +)
    }

    func takeGPUs(_ wanted: [String: Int], for spec: GuestSpec) async throws(HypervisorError) -> [HostGPU] {
        for (id, guest) in known where gpuAssignments.byGuest[id] != nil && !launching.contains(id) {
            if case .running = await guest.observation { continue }
            // One that is launched since has taken its own.
            guard !launching.contains(id) else { continue }
            gpuAssignments.giveBack(of: id)
        }
        let present = HostGPU.scan(root: configuration.sysfsRoot)
        guard let taken = gpuAssignments.take(wanted, of: present, for: spec.instance) else {
            throw .noGPU(spec.instance)
        }
        return taken
    }
}
