// Networks whose records cannot all be read.

import CloudTypes
import ControlPlane
import NodeContract
import Simulation
import Testing

@Suite("A network whose records cannot all be read")
struct DoubtTests {
    /// A host with a network of two guests, one of which has the interface that is answered.
    private func host() throws -> (TestHost, NetworkInterfaceID) {
        let host = try TestHost()
        return (host, try host.addRunningGuests(2)[1])
    }

    @Test(
        "stays as its guests use it, whatever is asked of it",
        arguments: [NetworkInterfaceRecord.kind, InstanceRecord.kind])
    func stays(kind: String) throws {
        let (host, interface) = try host()
        let before = host.world.networks
        #expect(before.values.first?.interfaces.count == 2)
        let instance = try #require(host.records.networkInterfaces[interface]?.attachment?.instance)
        try host.spoil(kind, kind == InstanceRecord.kind ? "\(instance)" : "\(interface)")
        try host.restart()
        try host.change { transaction throws(EC2Error) in
            transaction.update(transaction.defaultVPC.id, VPCRecord.self) { $0.enableDNSSupport.toggle() }
        }
        #expect(host.world.networks == before)
        #expect(host.world.runningGuests.contains(instance))
        host.end()
    }

    @Test("is changed again once they can be")
    func clears() throws {
        let (host, interface) = try host()
        let before = host.world.networks
        let stored = try host.spoil(NetworkInterfaceRecord.kind, "\(interface)")
        try host.restart()
        try host.change { transaction throws(EC2Error) in
            transaction.update(transaction.defaultVPC.id, VPCRecord.self) { $0.enableDNSSupport.toggle() }
        }
        #expect(host.world.networks == before)
        host.mend(stored)
        try host.restart()
        #expect(host.world.networks != before)
        #expect(host.world.networks.values.first?.interfaces.count == 2)
        host.end()
    }

    @Test("is another account's as little as it concerns that")
    func others() throws {
        let (host, interface) = try host()
        let other = AccountID("210987654321")!
        try host.spoil(NetworkInterfaceRecord.kind, "\(interface)")
        try host.restart()
        #expect(host.life.cloud.hasUnreadable([NetworkInterfaceRecord.kind], of: TestRecords.account))
        #expect(!host.life.cloud.hasUnreadable([NetworkInterfaceRecord.kind], of: other))
        host.end()
    }
}
