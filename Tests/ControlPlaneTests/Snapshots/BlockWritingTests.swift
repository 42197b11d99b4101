import CloudTypes
import ControlPlane
import NodeContract
import Simulation
import Testing

@Suite("A snapshot that is put together block by block")
struct BlockWritingTests {
    private func begin(on host: TestHost, timeoutMinutes: Int = 60) throws -> SnapshotID {
        try host.change { transaction throws(EC2Error) in
            var order = BlockSnapshotOrder(sizeGiB: 1)
            order.timeoutMinutes = timeoutMinutes
            return try transaction.startSnapshot(order).id
        }
    }

    @Test("is begun on the node at once, waits for blocks, and is completed when all are there")
    func life() throws {
        let host = try TestHost()
        let id = try begin(on: host)
        #expect(host.world.snapshots == [id] && host.records.snapshots[id]?.state == .pending)
        try host.change { transaction throws(EC2Error) in transaction.sealSnapshot(id) }
        #expect(host.records.snapshots[id]?.state == .completed && host.records.snapshots[id]?.progress == 100)
    }

    @Test("fails when nothing was written for its timeout, and its bytes go")
    func timeout() throws {
        let host = try TestHost()
        let id = try begin(on: host, timeoutMinutes: 10)
        host.time.advance(to: host.time.now.adding(seconds: 600))
        host.settle()
        #expect(host.records.snapshots[id]?.state == .pending, "never too early")
        host.time.advance(to: host.time.now.adding(seconds: 31))
        host.settle()
        #expect(host.records.snapshots[id]?.state == .error && host.world.snapshots.isEmpty)
    }

    @Test("waits on after each block, over a restart too")
    func blocks() throws {
        let host = try TestHost()
        let id = try begin(on: host, timeoutMinutes: 10)
        for _ in 0..<5 {
            host.time.advance(to: host.time.now.adding(seconds: 500))
            try host.change { transaction throws(EC2Error) in transaction.noteBlock(of: id, progress: 7) }
        }
        try host.restart()
        #expect(host.records.snapshots[id]?.state == .pending && host.records.snapshots[id]?.progress == 7)
        host.time.advance(to: host.time.now.adding(seconds: 631))
        host.settle()
        #expect(host.records.snapshots[id]?.state == .error)
    }

    @Test("is completed after a restart that came between the caller's word and the end")
    func restart() throws {
        let host = try TestHost()
        let id = try begin(on: host)
        host.end()
        try host.change { transaction throws(EC2Error) in transaction.sealSnapshot(id) }
        #expect(host.records.snapshots[id]?.state == .pending)
        try host.restart()
        #expect(host.records.snapshots[id]?.state == .completed)
    }
}
