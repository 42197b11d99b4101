// All reconcilers together: what a change sets in motion, what the start finds, what is forgotten in time.

import CloudTypes
import ControlPlane
import NodeContract
import Simulation
import Synchronization
import Testing

@Suite("Reconcilers")
struct ReconcilersTests {
    private func isQuiet(_ host: TestHost) -> Bool {
        let told = Mutex(false)
        let reconcilers = host.life.reconcilers
        Task(executorPreference: host.executor) {
            await reconcilers.quiet()
            told.withLock { $0 = true }
        }
        host.settle()
        return told.withLock { $0 }
    }

    @Test("are quiet when the world is as the records say")
    func quiet() throws {
        let host = try TestHost()
        #expect(isQuiet(host))
        try host.change { transaction throws(EC2Error) in
            _ = try transaction.addGuest(in: transaction.defaultSubnet, state: .stopped)
        }
        #expect(isQuiet(host))
        host.end()
    }

    @Test("give a change to the network of its VPC and to no other")
    func routing() throws {
        let host = try TestHost()
        try host.addRunningGuests()
        let vpc = try #require(host.records.instances.all.first?.vpc)
        #expect(Set(host.world.networks.keys) == [vpc])
        let before = host.world.networks[vpc]
        try host.change { transaction throws(EC2Error) in
            transaction.update(vpc, VPCRecord.self) { $0.enableDNSSupport.toggle() }
        }
        #expect(host.world.networks[vpc] != before)
        host.end()
    }

    @Test("end at the start what no record wants, and keep what one does")
    func strangers() throws {
        let host = try TestHost()
        try host.addRunningGuests()
        let wanted = try #require(host.records.instances.all.first?.id)
        let stranger = try #require(InstanceID("i-0123456789abcdef0"))
        let network = try #require(VPCID("vpc-0123456789abcdef0"))
        host.world.resume(stranger, launch: 1)
        try run(host) { node in try await node.apply(VPCNetwork(id: network, cidrBlocks: [])) }
        try host.restart()
        #expect(host.world.runningGuests == [wanted])
        #expect(host.world.knownGuests == [wanted])
        #expect(host.world.networks[network] == nil)
        host.end()
    }

    @Test("know of a reboot that happened while they were away, and ask for no other")
    func rebootMeanwhile() throws {
        let host = try TestHost()
        try host.addRunningGuests()
        let instance = try #require(host.records.instances.all.first?.id)
        // What an earlier life did and did not live to hear of.
        host.world.makeDeaf(instance)
        try host.change { transaction throws(EC2Error) in
            let now = transaction.now
            transaction.update(instance, InstanceRecord.self) { record in
                record.rebootsWanted += 1
                record.rebootSince = now
            }
        }
        #expect(host.world.restartCount(of: instance) == 0)
        host.end()
        try run(host) { node in try await node.resetGuest(instance) }
        try host.restart()
        host.time.advance(seconds: 500)
        host.settle()
        #expect(host.world.restartCount(of: instance) == 1)
        #expect(host.records.instances[instance]?.rebootsDone == 1)
        host.end()
    }

    @Test("forget a terminated instance after its hour, looking once a minute")
    func janitor() throws {
        let host = try TestHost()
        try host.change { transaction throws(EC2Error) in
            _ = try transaction.addGuest(in: transaction.defaultSubnet, state: .stopped)
        }
        let instance = try #require(host.records.instances.all.first?.id)
        try host.change { transaction throws(EC2Error) in transaction.terminate(instance, .powerCut) }
        #expect(host.records.instances[instance]?.state == .terminated)
        minutes(59, host)
        #expect(host.records.instances[instance] != nil)
        minutes(3, host)
        #expect(host.records.instances[instance] == nil)
        host.end()
    }

    private func minutes(_ count: Int, _ host: TestHost) {
        for _ in 0..<count {
            host.time.advance(seconds: 60)
            host.settle()
        }
    }

    private func run(_ host: TestHost, _ body: @escaping @Sendable (SimulatedNode) async throws -> Void) throws {
        let node = host.life.node
        Task(executorPreference: host.executor) { try await body(node) }
        host.settle()
    }
}
