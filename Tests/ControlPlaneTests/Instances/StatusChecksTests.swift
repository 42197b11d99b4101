// What status checks say, from what looking at guests has found.

import CloudTypes
import ControlPlane
import NodeContract
import Simulation
import Testing

@Suite("Status checks")
struct StatusChecksTests {
    private let began = Timestamp(milliseconds: 1_795_000_000_000)
    private let silent = GuestHealth(isReachable: false, hasMachine: true, hasDisks: true)

    private func checks(_ looks: [(GuestHealth?, Double)]) -> StatusChecks {
        var checks = StatusChecks(id: InstanceID("i-0123456789abcdef0")!, account: TestRecords.account, launch: 1)
        for (health, seconds) in looks { checks.note(health, bootedAt: began, at: began.adding(seconds: seconds)) }
        return checks
    }

    @Test("wait for the first answer of a guest, for a while")
    func patience() {
        #expect(checks([]).areInitializing)
        #expect(checks([(silent, 299)]).instance.outcome == .initializing)
        #expect(checks([(silent, 299)]).system.outcome == .passed)
        let late = checks([(silent, 299), (silent, 300)])
        #expect(late.instance.outcome == .failed && late.instance.impairedSince == began.adding(seconds: 300))
        #expect(!late.areInitializing)
    }

    @Test("fail since the first look that found it so, until one finds it well")
    func since() {
        let failed = checks([(.well, 10), (silent, 400), (silent, 460)])
        #expect(failed.instance.outcome == .failed && failed.instance.impairedSince == began.adding(seconds: 400))
        #expect(failed.volumes.outcome == .passed)
        let mended = checks([(.well, 10), (silent, 400), (.well, 460)])
        #expect(mended == checks([(.well, 460)]))
    }

    @Test("tell a machine that does not answer at once, and know nothing where nobody looked")
    func machine() {
        let gone = checks([(GuestHealth(isReachable: false, hasMachine: false, hasDisks: true), 1)])
        #expect(gone.system.outcome == .failed && gone.instance.outcome == .failed)
        let unknown = checks([(.well, 10), (nil, 70)])
        #expect(unknown.instance.outcome == .insufficientData && unknown.system.outcome == .insufficientData)
    }
}

@Suite("Guests that run are looked at")
struct StatusReconcilerTests {
    private func found(_ host: TestHost) -> StatusChecks? {
        host.records.instances.all.first.flatMap { host.records.statusChecks(of: $0) }
    }

    @Test("at once, then once a minute, and what differs is kept")
    func rounds() throws {
        let host = try TestHost()
        try host.addRunningGuests()
        let id = try #require(host.records.instances.all.first?.id)
        #expect(found(host)?.instance.outcome == .passed)
        host.world.setHealth(GuestHealth(isReachable: false, hasMachine: true, hasDisks: false), of: id)
        host.time.advance(seconds: 59)
        host.settle()
        #expect(found(host)?.instance.outcome == .passed)
        host.time.advance(seconds: 1)
        host.settle()
        // Its system may still be booting; its disks have no such excuse.
        #expect(found(host)?.volumes.outcome == .failed && found(host)?.instance.outcome == .initializing)
        let since = found(host)?.volumes.impairedSince
        for _ in 0..<60 {
            host.time.advance(seconds: 5)
            host.settle()
        }
        #expect(found(host)?.instance.outcome == .failed && found(host)?.volumes.impairedSince == since)
        try host.restart()
        #expect(found(host)?.volumes.impairedSince == since)
        host.end()
    }

    @Test("not while they do not run; another launch begins anew")
    func launches() throws {
        let host = try TestHost()
        try host.addRunningGuests()
        let id = try #require(host.records.instances.all.first?.id)
        try host.change { $0.stop(id, .powerCut) }
        #expect(found(host) == nil)
        try host.change { $0.terminate(id, .powerCut) }
        #expect(host.records.statusChecks.count == 0)
        host.end()
    }
}

@Suite("An instance whose guest died")
struct RecoveryTests {
    /// A host with one guest that can be booted.
    private func host() throws -> (TestHost, InstanceID) {
        let host = try TestHost()
        try host.addRunningGuests()
        let instance = try #require(host.records.instances.all.first)
        try host.change { transaction throws(EC2Error) in
            var image = ImageRecord(
                id: instance.image, account: instance.account, name: "diskless", architecture: .x86_64,
                createdAt: transaction.now, rootDeviceName: instance.rootDeviceName)
            image.rootDeviceType = .instanceStore
            transaction.put(image)
        }
        return (host, instance.id)
    }

    @Test("is booted again with all it has, three times a day and no more")
    func bounded() throws {
        let (host, id) = try host()
        for launch in 2...4 {
            host.life.node.end(id, .died)
            host.settle()
            let instance = try #require(host.records.instances[id])
            #expect(instance.state == .running && instance.pause == nil && instance.launch == launch)
            #expect(host.world.runningLaunches[id] == launch)
        }
        host.life.node.end(id, .died)
        host.settle()
        #expect(host.records.instances[id]?.state == .stopped)
        #expect(host.records.instances[id]?.stateReason == .guestDied)
        host.end()
    }

    @Test("is given its time to answer again")
    func patience() throws {
        let (host, id) = try host()
        host.time.advance(seconds: 3_600)
        host.settle()
        host.life.node.end(id, .died)
        host.settle()
        host.life.node.setHealth(GuestHealth(isReachable: false, hasMachine: true, hasDisks: true), of: id)
        host.settle()
        func outcome() -> StatusCheck.Outcome? {
            host.records.instances[id].flatMap { host.records.statusChecks(of: $0)?.instance.outcome }
        }
        #expect(outcome() == .initializing)
        for _ in 0..<61 {
            host.time.advance(seconds: 5)
            host.settle()
        }
        #expect(outcome() == .failed)
        host.end()
    }

    @Test("is booted again too where it died while nobody looked")
    func away() throws {
        let (host, id) = try host()
        host.end()
        host.life.node.end(id, .died)
        try host.restart()
        #expect(host.records.instances[id]?.state == .running && host.world.runningLaunches[id] == 2)
        host.end()
    }
}
