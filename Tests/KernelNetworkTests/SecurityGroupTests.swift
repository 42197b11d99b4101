// Security groups, judged by packets.

import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("Security groups on a real kernel", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct SecurityGroupTests {
    @Test("a port that a rule allows answers, another does not")
    func allowed() async throws {
        try await Lab.run { lab in
            var network = VPCNetwork.sample()
            network.groups[0].ingress = [.tcp(80)]
            let (a, b) = (network.add(1, "10.0.1.10"), network.add(2, "10.0.2.20"))
            try await lab.fabric.apply(network)
            let (client, server) = (try await lab.guest(a, of: network), try await lab.guest(b, of: network))
            let open = try await Wire.server(in: server.namespace, port: 80)
            let closed = try await Wire.server(in: server.namespace, port: 81)
            #expect(try await reaches(server.address, 80, from: client.namespace))
            #expect(open.accept()?.1.address == client.address)
            #expect(try await !reaches(server.address, 81, from: client.namespace, timeout: silence))
            #expect(closed.accept(timeout: 0) == nil)
        }
    }
}
