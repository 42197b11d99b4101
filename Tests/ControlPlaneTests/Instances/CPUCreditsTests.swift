// What burstable instances earn and spend, on a clock that is set.

import CloudTypes
import ControlPlane
import InstanceTypeCatalogue
import NodeContract
import Simulation
import Testing

private func terms(_ type: String, unlimited: Bool = false) throws -> CPUCreditTerms {
    let facts = try #require(InstanceTypeCatalogue.facts(of: type))
    let figures = try #require(BurstableFigures(of: facts))
    return CPUCreditTerms(figures: figures, isUnlimited: unlimited)
}

extension Double {
    fileprivate func isNear(_ other: Double) -> Bool { abs(self - other) < 1e-9 }
}

@Suite("CPU credits")
struct CPUCreditsTests {
    private let hour = 3_600.0

    @Test(
        "are earned with time, a day's worth at most",
        arguments: [("t3.nano", 144.0), ("t3a.micro", 288), ("t4g.2xlarge", 4_608), ("t2.2xlarge", 1_958.4)])
    func earned(type: String, cap: Double) throws {
        let terms = try terms(type)
        var credits = CPUCredits()
        credits.pass(seconds: 6 * hour, spending: 0, terms)
        #expect(credits.balance.isNear(cap / 4))
        credits.pass(seconds: 100 * hour, spending: 0, terms)
        #expect(credits.balance.isNear(cap) && credits.used == 0)
    }

    @Test("stay as they are where a vCPU works as much as the baseline says")
    func baseline() throws {
        let terms = try terms("t3.micro")
        var credits = CPUCredits()
        credits.pass(seconds: 10 * hour, spending: 0, terms)
        // Two vCPUs at a tenth each.
        credits.pass(seconds: hour, spending: 2 * 6, terms)
        #expect(credits.balance.isNear(120) && credits.used == 12)
    }

    @Test("of a standard instance run out, and are never owed")
    func standard() throws {
        let terms = try terms("t3.micro")
        var credits = CPUCredits()
        credits.pass(seconds: hour, spending: 60, terms)
        #expect(credits.balance == 0 && credits.surplus == 0 && credits.charged == 0)
    }

    @Test("of an unlimited one are borrowed, paid back first, and charged beyond a day's worth")
    func unlimited() throws {
        let terms = try terms("t3.nano", unlimited: true)
        var credits = CPUCredits()
        credits.pass(seconds: hour, spending: 106, terms)
        #expect(credits.balance == 0 && credits.surplus == 100 && credits.charged == 0)
        credits.pass(seconds: hour, spending: 60, terms)
        #expect(credits.surplus == 144 && credits.charged == 10)
        credits.pass(seconds: 2 * hour, spending: 0, terms)
        #expect(credits.surplus == 132 && credits.balance == 0 && credits.charged == 10)
        credits.pass(seconds: 23 * hour, spending: 0, terms)
        #expect(credits.surplus == 0 && credits.balance == 6)
    }

    @Test("that T2 begins with are spent first and do not count towards the maximum")
    func launch() throws {
        let terms = try terms("t2.micro")
        var credits = CPUCredits()
        credits.grantLaunchCredits(terms)
        credits.pass(seconds: 24 * hour, spending: 0, terms)
        #expect(credits.balance.isNear(174))
        // At the maximum nothing is earned while launch credits last: half of the time.
        credits.pass(seconds: hour, spending: 60, terms)
        #expect(credits.launch == 0 && credits.earned.isNear(144 + 3 - 30))
    }

    @Test("let a standard instance do less and less, and in the end what it earns")
    func share() throws {
        let standard = try terms("t3.micro")
        var credits = CPUCredits()
        #expect(credits.processors(lookingEvery: 60, standard).isNear(0.2))
        credits.pass(seconds: 300, spending: 0, standard)
        #expect(credits.processors(lookingEvery: 60, standard).isNear(1.2))
        credits.pass(seconds: hour, spending: 0, standard)
        #expect(credits.processors(lookingEvery: 60, standard) == 2)
        let unlimited = try terms("t3.micro", unlimited: true)
        #expect(CPUCredits().processors(lookingEvery: 60, unlimited) == 2)
    }
}

@Suite("Burstable guests")
struct CPUCreditReconcilerTests {
    /// A host with one guest of the type.
    private func host(_ type: String, _ specification: String) throws -> (TestHost, InstanceID) {
        let host = try TestHost()
        try host.addRunningGuests()
        let id = try #require(host.records.instances.all.first?.id)
        try host.change { transaction throws(EC2Error) in
            transaction.update(id, InstanceRecord.self) { instance in
                (instance.instanceType, instance.creditSpecification) = (type, specification)
            }
        }
        return (host, id)
    }

    private func pass(_ host: TestHost, minutes: Int) {
        for _ in 0..<minutes {
            host.time.advance(seconds: 60)
            host.settle()
        }
    }

    private func credits(_ host: TestHost, _ id: InstanceID) throws -> CPUCredits {
        let instance = try #require(host.records.instances[id])
        return try #require(host.records.credits(of: instance, at: host.time.now))
    }

    @Test("that rest earn, also while nobody looks, and nothing is written of it")
    func rest() throws {
        let (host, id) = try host("t3.micro", "standard")
        pass(host, minutes: 60)
        #expect(try credits(host, id).balance.isNear(12))
        let counted = host.records.cpuCredits[id]?.countedAt
        try host.restart()
        pass(host, minutes: 60)
        #expect(try credits(host, id).balance.isNear(24))
        #expect(host.records.cpuCredits[id]?.countedAt == counted)
        host.end()
    }

    @Test("of standard mode burst on what they saved, and then keep to their baseline")
    func standard() throws {
        let (host, id) = try host("t3.micro", "standard")
        #expect(host.world.processorLimit(of: id)?.isNear(0.2) == true)
        pass(host, minutes: 50)
        #expect(host.world.processorLimit(of: id) == 2)
        #expect(try credits(host, id).balance.isNear(10))
        host.life.node.setLoad(2, of: id)
        pass(host, minutes: 5)
        // 10 saved, 1 earned, 10 spent.
        #expect(try credits(host, id).balance.isNear(1))
        #expect(host.world.processorLimit(of: id)?.isNear(1.2) == true)
        pass(host, minutes: 30)
        #expect(try credits(host, id).balance.isNear(0))
        #expect(host.world.processorLimit(of: id)?.isNear(0.2) == true)
        #expect(try credits(host, id).used.isNear(10 + 1.2 + 29 * 0.2))
        host.end()
    }

    @Test("are held to the same after a kill, and what they did meanwhile is counted")
    func kill() throws {
        let (host, id) = try host("t3.micro", "standard")
        pass(host, minutes: 50)
        host.life.node.setLoad(1, of: id)
        pass(host, minutes: 2)
        host.end()
        host.time.advance(seconds: 180)
        try host.restart()
        // 10 saved, 1 earned, 5 spent.
        #expect(try credits(host, id).balance.isNear(6))
        host.end()
    }

    @Test("that change their mode are charged what they borrowed, or borrow from then on")
    func modes() throws {
        let (host, id) = try host("t3.micro", "unlimited")
        #expect(host.world.processorLimit(of: id) == 2)
        host.life.node.setLoad(2, of: id)
        pass(host, minutes: 10)
        #expect(try credits(host, id).surplus.isNear(18))
        try host.change { transaction throws(EC2Error) in try transaction.setCredits(of: id, to: "standard") }
        #expect(try credits(host, id).surplus == 0)
        #expect(try credits(host, id).charged.isNear(18))
        #expect(host.world.processorLimit(of: id)?.isNear(0.2) == true)
        try host.change { transaction throws(EC2Error) in try transaction.setCredits(of: id, to: "unlimited") }
        #expect(host.world.processorLimit(of: id) == 2)
        let lines = UsageReport(
            from: Timestamp(milliseconds: 0), to: host.time.now.adding(seconds: 1), account: nil, columns: [.type]
        ).lines(of: host.records, at: host.time.now)
        let charged = try #require(lines.first { $0.meter == .surplusCredits })
        #expect(charged.labels == ["t3.micro"] && charged.quantity.isNear(0.3))
        host.end()
    }

    @Test("that stop keep what they saved for a week; T2 keeps nothing and begins again with launch credits")
    func stops() throws {
        for (type, days, expected) in [("t3.micro", 6.0, 12.0), ("t3.micro", 8, 0), ("t2.micro", 0, 30)] {
            let (host, id) = try host(type, "standard")
            pass(host, minutes: 60)
            try host.change { transaction throws(EC2Error) in transaction.stop(id, .powerCut) }
            #expect(host.records.instances[id]?.state == .stopped)
            #expect(try credits(host, id).balance.isNear(type == "t2.micro" ? 0 : 12))
            host.end()
            host.time.advance(seconds: days * 86_400)
            try host.change { transaction throws(EC2Error) in
                try transaction.start(id)
                transaction.becomeRunning(id)
            }
            #expect(try credits(host, id).balance.isNear(expected))
        }
    }

    @Test("of T2 get launch credits a hundred times a day and no more")
    func grants() throws {
        var transaction = try TestRecords.transaction()
        for place in 0..<101 {
            let before = transaction.state
            let interface = try transaction.addGuest(in: transaction.defaultSubnet)
            let id = try #require(transaction.state.networkInterfaces[interface]?.attachment?.instance)
            transaction.update(id, InstanceRecord.self) { instance in
                (instance.instanceType, instance.creditSpecification) = ("t2.micro", "standard")
            }
            transaction.keepCredits(since: before)
            #expect(transaction.state.cpuCredits[id]?.credits.balance == (place < 100 ? 30 : 0))
        }
    }

    @Test("that go are charged what they owe, once")
    func terminated() throws {
        let (host, id) = try host("t3.micro", "unlimited")
        host.life.node.setLoad(2, of: id)
        pass(host, minutes: 10)
        try host.change { transaction throws(EC2Error) in
            transaction.update(id, InstanceRecord.self) { $0.tags = ["team": "a"] }
        }
        try host.change { transaction throws(EC2Error) in transaction.terminate(id, .powerCut) }
        #expect(host.records.instances[id]?.state == .terminated)
        try host.restart()
        let charges = host.records.usage.all.filter { $0.meter == .surplusCredits }
        #expect(charges.count == 1 && charges[0].amount.isNear(18 * 60) && charges[0].tags == ["team": "a"])
        pass(host, minutes: 62)
        #expect(host.records.cpuCredits.count == 0)
        host.end()
    }
}
