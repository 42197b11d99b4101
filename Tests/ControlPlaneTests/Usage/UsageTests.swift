// What is metered, from the records alone, on a clock that is set.

import CloudTypes
import ControlPlane
import NodeContract
import Testing

@Suite("Usage")
struct UsageTests {
    /// A cloud whose transactions are metered as the control plane meters them.
    private final class Ledger {
        private(set) var state: CloudState
        var now: Timestamp

        init() throws {
            let transaction = try TestRecords.transaction()
            (state, now) = (transaction.state, transaction.now)
        }

        @discardableResult
        func change<Value>(_ body: (inout Transaction) throws -> Value) rethrows -> Value {
            var transaction = Transaction(
                state: state, caller: Caller(account: TestRecords.account, accessKeyID: "AKIAIOSFODNN7EXAMPLE"),
                now: now, settings: TestRecords.settings, random: SpreadNumbers())
            let value = try body(&transaction)
            transaction.meterUsage(since: state)
            state = transaction.state
            return value
        }

        func pass(_ seconds: Double) { now = now.adding(seconds: seconds) }

        func used(_ columns: [String] = ["type"], from: Timestamp? = nil, to: Timestamp? = nil) -> [String] {
            UsageReport(
                from: from ?? Timestamp(milliseconds: 0), to: to ?? now, account: nil,
                columns: columns.compactMap(UsageReport.Column.init)
            ).csv(of: state, at: now).split(separator: "\n").dropFirst().map(String.init)
        }

        func launch() throws -> InstanceID {
            let interface = try change { try $0.addGuest(in: $0.defaultSubnet, state: .pending) }
            let id = try #require(state.networkInterfaces[interface]?.attachment?.instance)
            change { $0.becomeRunning(id) }
            return id
        }
    }

    @Test("of an instance counts from when it runs to when it begins to stop, by the second")
    func instance() throws {
        let ledger = try Ledger()
        let id = try ledger.launch()
        ledger.pass(90.2)
        ledger.change { $0.stop(id, .graceful) }
        ledger.pass(30)
        ledger.change { $0.becomeStopped(id, reason: nil) }
        ledger.pass(1_000)
        #expect(ledger.used() == ["t3.micro,instance,seconds,91"])
    }

    @Test("of an instance that hibernates counts until its memory is saved")
    func hibernation() throws {
        let ledger = try Ledger()
        let id = try ledger.launch()
        ledger.pass(90)
        ledger.change { $0.hibernate(id) }
        ledger.pass(30)
        ledger.change { $0.becomeHibernated(id) }
        ledger.pass(1_000)
        #expect(ledger.used() == ["t3.micro,instance,seconds,120"])
    }

    @Test("of an instance is a minute at least for each start")
    func minimum() throws {
        let ledger = try Ledger()
        let id = try ledger.launch()
        ledger.pass(5)
        ledger.change { $0.stop(id, .powerCut) }
        ledger.change { $0.becomeStopped(id, reason: nil) }
        #expect(ledger.used() == ["t3.micro,instance,seconds,60"])
        ledger.change { try? $0.start(id) }
        ledger.change { $0.becomeRunning(id) }
        ledger.pass(1)
        ledger.change { $0.terminate(id, .powerCut) }
        #expect(ledger.used() == ["t3.micro,instance,seconds,120"])
    }

    @Test("goes to the tags and the type of its time; a change of them is no new start")
    func tags() throws {
        let ledger = try Ledger()
        let id = try ledger.launch()
        ledger.pass(10)
        ledger.change { transaction in
            transaction.update(id, InstanceRecord.self) { $0.tags = ["team": "a, \"b\""] }
        }
        ledger.pass(20)
        #expect(
            ledger.used(["tag:team"]) == [",instance,seconds,10", "\"a, \"\"b\"\"\",instance,seconds,20"])
        ledger.change { $0.terminate(id, .powerCut) }
        #expect(
            ledger.used(["tag:team"]) == [",instance,seconds,10", "\"a, \"\"b\"\"\",instance,seconds,50"])
    }

    @Test("of a volume follows its size, of an address whether it is associated")
    func others() throws {
        let ledger = try Ledger()
        let volume: VolumeID = ledger.change { transaction in
            let volume = VolumeRecord(
                id: transaction.newID(), account: transaction.account, availabilityZone: "us-east-1a", sizeGiB: 8,
                volumeType: "gp3", snapshot: nil, createdAt: transaction.now)
            transaction.put(volume)
            return volume.id
        }
        ledger.change { transaction in
            let address = AddressRecord(
                id: transaction.newID(), account: transaction.account, publicAddress: IPv4Address(1),
                networkBorderGroup: "us-east-1")
            transaction.put(address)
        }
        ledger.pass(3_600)
        ledger.change { transaction in transaction.update(volume, VolumeRecord.self) { $0.sizeGiB = 16 } }
        ledger.pass(1_800)
        ledger.change { transaction in transaction.update(volume, VolumeRecord.self) { $0.state = .deleting } }
        ledger.pass(1_800)
        #expect(ledger.used() == ["gp3,volume,GiB-hours,16", "idle,address,hours,2"])
    }

    @Test("is added up by day the day after, and stays what it was")
    func rolledUp() throws {
        let ledger = try Ledger()
        for _ in 0..<3 {
            let id = try ledger.launch()
            ledger.pass(86_400)
            ledger.change { $0.terminate(id, .powerCut) }
        }
        let (before, days) = (ledger.used(), ledger.used(["day"]))
        #expect(before == ["t3.micro,instance,seconds,259200"] && days.count == 4)
        ledger.pass(86_400)
        ledger.change { $0.forgetOld() }
        #expect(ledger.used() == before && ledger.used(["day"]) == days)
        #expect(ledger.state.usage.all.allSatisfy { $0.resource == nil } && ledger.state.usage.count == 4)
        ledger.change { $0.forgetOld() }
        #expect(ledger.used() == before)
        ledger.pass(500 * 86_400)
        ledger.change { $0.forgetOld() }
        #expect(ledger.state.usage.count == 0)
    }

    @Test("between two moments is the part that falls between them")
    func clipped() throws {
        let ledger = try Ledger()
        _ = try ledger.launch()
        let began = ledger.now
        ledger.pass(100)
        #expect(
            ledger.used(from: began.adding(seconds: 20), to: began.adding(seconds: 50))
                == ["t3.micro,instance,seconds,30"])
    }
}
