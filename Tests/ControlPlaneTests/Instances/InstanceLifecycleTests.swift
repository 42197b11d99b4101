import CloudTypes
import ControlPlane
import NodeContract
import Testing

@Suite("The next step for an instance")
struct InstanceLifecycleTests {
    private let began = Timestamp(milliseconds: 1_795_000_000_000)

    private func record(_ state: InstanceState, _ change: (inout InstanceRecord) -> Void = { _ in }) -> InstanceRecord {
        var record = InstanceRecord(
            id: InstanceID("i-00000001")!, account: TestRecords.account, reservation: ReservationID("r-00000001")!,
            launchIndex: 0, image: ImageID("ami-00000001")!, instanceType: "t3.micro", architecture: .x86_64, vCPUs: 2,
            memoryMiB: 1024, vpc: VPCID("vpc-00000001")!, subnet: SubnetID("subnet-00000001")!,
            availabilityZone: "us-east-1a", rootDeviceName: "/dev/xvda", now: began)
        record.state = state
        record.launch = 2
        change(&record)
        return record
    }

    private func step(
        _ record: InstanceRecord, _ observed: GuestObservation?, after seconds: Double = 0
    ) -> InstanceStep {
        InstanceLifecycle(record, observed: observed).step(at: began.adding(seconds: seconds))
    }

    @Test("of a pending one is to boot, unless the guest of this very launch is there")
    func pending() {
        #expect(step(record(.pending), nil) == .start)
        #expect(step(record(.pending), .ended(launch: 1, .died)) == .start)
        #expect(step(record(.pending), .running(launch: 1)) == .kill)
        #expect(step(record(.pending), .running(launch: 2)) == .becomeRunning)
        #expect(step(record(.pending), .ended(launch: 2, .guestShutdown)) == .becomeRunning)
    }

    @Test("of a running one follows how its guest ended")
    func running() {
        #expect(step(record(.running), .running(launch: 2)) == .settled)
        #expect(step(record(.running), .ended(launch: 2, .guestShutdown)) == .becomeStopped(.instanceShutdown))
        let terminating = record(.running) { $0.shutdownBehavior = .terminate }
        #expect(step(terminating, .ended(launch: 2, .guestShutdown)) == .becomeTerminated(.instanceShutdown))
    }

    @Test("of one whose guest died is another boot, three times a day, where it may be recovered")
    func recovery() {
        #expect(step(record(.running), .ended(launch: 2, .died)) == .recover && step(record(.running), nil) == .recover)
        let disabled = record(.running) { $0.autoRecovery = "disabled" }
        #expect(step(disabled, .ended(launch: 2, .died)) == .becomeStopped(.guestDied))
        let stored = record(.running) { $0.instanceType = "m5d.large" }
        #expect(step(stored, .ended(launch: 2, .died)) == .becomeStopped(.guestDied))
        let often = record(.running) { $0.recoveries = [$0.stateSince, $0.stateSince, $0.stateSince] }
        #expect(step(often, .ended(launch: 2, .died)) == .becomeStopped(.guestDied))
        #expect(step(often, .ended(launch: 2, .died), after: 86_400) == .recover)
    }

    @Test("of one that hibernates is to save its memory, which is dropped when nobody wants it any more")
    func hibernating() {
        let saving = record(.stopping) { $0.hibernation = .saving }
        #expect(step(saving, .running(launch: 2)) == .hibernate)
        #expect(step(saving, .ended(launch: 2, .hibernated)) == .becomeHibernated)
        #expect(
            step(saving, .ended(launch: 2, .died)) == .becomeStopped(nil) && step(saving, nil) == .becomeStopped(nil))
        let saved = record(.stopped) { $0.hibernation = .saved(launch: 2) }
        #expect(step(saved, .ended(launch: 2, .hibernated)) == .settled)
        #expect(step(record(.stopped), .ended(launch: 2, .hibernated)) == .dropMemory)
        let starting = record(.pending) { $0.hibernation = .saved(launch: 1) }
        #expect(step(starting, .ended(launch: 1, .hibernated)) == .start)
    }

    @Test("of a paused one is the power button, rest, and a boot as a new launch")
    func paused() {
        let ending = record(.running) { $0.pause = .shuttingDown(since: $0.stateSince) }
        #expect(step(ending, .running(launch: 2)) == .powerDown(deadline: began.adding(seconds: 120)))
        #expect(step(ending, .running(launch: 2), after: 120) == .kill)
        #expect(step(ending, .ended(launch: 2, .guestShutdown)) == .becomeOff)
        let off = record(.running) { $0.pause = .off(since: $0.stateSince) }
        #expect(step(off, .ended(launch: 2, .guestShutdown)) == .settled)
        #expect(step(off, .running(launch: 2)) == .kill)
        let resuming = record(.running) { $0.pause = .resuming }
        #expect(step(resuming, .ended(launch: 1, .guestShutdown)) == .start)
        #expect(step(resuming, nil) == .start)
        #expect(step(resuming, .running(launch: 2)) == .becomeResumed)
        #expect(step(resuming, .ended(launch: 2, .died)) == .becomeResumed)
    }

    @Test("of a rebooting one is to ask, and to reset when it has not listened")
    func rebooting() {
        let asked = record(.running) { ($0.rebootsWanted, $0.rebootSince) = (1, $0.stateSince) }
        #expect(step(asked, .running(launch: 2)) == .reboot(deadline: began.adding(seconds: 120)))
        #expect(step(asked, .running(launch: 2), after: 120) == .reset)
    }

    @Test(
        "of an ending one is the power button, then the power cut at its deadline",
        arguments: [
            (InstanceState.stopping, InstanceRecord.Shutdown.graceful, 120.0), (.stopping, .forced, 15.0),
            (.shuttingDown, .graceful, 30.0), (.shuttingDown, .forced, 15.0),
        ])
    func ending(state: InstanceState, shutdown: InstanceRecord.Shutdown, seconds: Double) {
        let ending = record(state) { $0.shutdown = shutdown }
        let deadline = began.adding(seconds: seconds)
        #expect(step(ending, .running(launch: 2)) == .powerDown(deadline: deadline))
        #expect(step(ending, .running(launch: 2), after: seconds) == .kill)
        let end: InstanceStep = state == .stopping ? .becomeStopped(nil) : .becomeTerminated(nil)
        #expect(step(ending, .ended(launch: 2, .requested)) == end && step(ending, nil) == end)
    }

    @Test("where the power is to be cut at once, is that")
    func powerCut() {
        #expect(step(record(.stopping) { $0.shutdown = .powerCut }, .running(launch: 2)) == .kill)
    }

    @Test(
        "of one that is down is nothing, or to end a guest that should not be",
        arguments: [InstanceState.stopped, .terminated])
    func down(state: InstanceState) {
        #expect(step(record(state), nil) == .settled)
        #expect(step(record(state), .running(launch: 2)) == .kill)
    }
}

@Suite("What guests take of the host")
struct TakenMemoryTests {
    @Test("follows instances as they come, stop, start and go")
    func follows() throws {
        var transaction = try TestRecords.transaction()
        let interface = try transaction.addGuest(in: transaction.defaultSubnet)
        let id = try #require(transaction.state.networkInterfaces[interface]?.attachment?.instance)
        #expect(transaction.state.instances.weight.memoryMiB == 1024)
        transaction.stop(id, .graceful)
        #expect(transaction.state.instances.weight.memoryMiB == 1024)
        transaction.becomeStopped(id, reason: nil)
        #expect(transaction.state.instances.weight == .zero)
        try transaction.start(id)
        #expect(transaction.state.instances.weight.memoryMiB == 1024)
        transaction.delete(id, InstanceRecord.self)
        #expect(transaction.state.instances.weight == .zero)
    }
}
