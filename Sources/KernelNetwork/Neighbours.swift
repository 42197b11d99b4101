// Asks guests whether they are there: by ARP on their own links, which no rule of a group can forbid.
// On a thread of its own, so that no change of a VPC ever waits for a guest that is silent.

import Backends
import CloudTypes
import HostSystem
import NodeContract

enum Neighbours {
    static func answering(
        _ ports: [GuestExamination.Port], in namespace: OwnedDescriptor
    ) async throws(NetworkFabricError) -> Set<NetworkInterfaceID> {
        guard !ports.isEmpty else { return [] }
        let questions = ports.map { (Names.port(of: $0.interface), $0.address.number, $0.router.number) }
        let outcome: Result<Set<String>, SystemError>
        do {
            outcome = try await HostThread.run(inNamespace: namespace.number) {
                Result { () throws(SystemError) in try NetworkNamespace.answering(questions) }
            }
            let links = try outcome.get()
            return Set(ports.map(\.interface).filter { links.contains(Names.port(of: $0)) })
        } catch {
            throw .hostFailed("\(error)")
        }
    }
}
