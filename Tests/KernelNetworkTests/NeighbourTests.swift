// Whether guests are there: asked on their own links, whatever their groups allow.

import CloudTypes
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("Asking guests whether they are there", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct NeighbourTests {
    private func port(_ interface: VPCNetwork.Interface, of network: VPCNetwork) -> GuestExamination.Port {
        let subnet = network.subnets.first { $0.id == interface.subnet }
        return GuestExamination.Port(
            interface: interface.id, vpc: network.id, address: interface.addresses[0].privateAddress,
            router: subnet?.routerAddress ?? network.cidrBlocks[0].address)
    }

    @Test("tells those that answer from those that are silent, and waits for no change of the network")
    func answers() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            let (here, silent) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.2.20"))
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(here, of: network)
            let ports = [port(here, of: network), port(silent, of: network)]
            #expect(try await lab.fabric.answering(ports, in: network.id) == [here.id])
            try await lab.run("ip", "addr", "flush", "dev", "eth0", in: guest.namespace)
            #expect(try await lab.fabric.answering(ports, in: network.id) == [])
        }
    }
}
