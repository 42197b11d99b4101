// Plays a scenario on a rig of its own, and tells what was not as it must be.

import CloudTypes
package import ControlPlane
import NodeContract
package import Simulation

package struct Play {
    let rig: Rig
    let client: Client
    /// The steps of the first process.
    package private(set) var steps: [Lifeline.Step] = []
    package private(set) var faults: [String] = []
    package private(set) var processCount = 0
    /// After the last event: terminated instances are forgotten an hour later.
    package private(set) var recordsAfterEvents = CloudState()
    /// What the story was refused, in order.
    package private(set) var refusals: [String] = []

    /// How often an instance went on with a saved memory.
    package var resumptionCount: Int {
        recordsAfterEvents.instances.all.reduce(0) { $0 + rig.world.resumptions(of: $1.id).count }
    }

    /// - Parameter hostMayFail: whether what was to run may have ended, since something on the host failed.
    package init(
        _ scenario: Scenario, order: SteppedExecutor.Order = .arrival, hostMayFail: Bool = false,
        judge: @escaping @Sendable (_ process: Int, _ number: Int, _ step: Lifeline.Step) -> Lifeline.Fate = {
            _, _, _ in
            .proceed
        }
    ) {
        rig = Rig(order: order, premises: scenario.premises, judge: judge)
        client = Client("client", on: rig)
        for event in scenario.events {
            play(event)
            if hostMayFail { client.hostMayHaveFailed() }
        }
        recordsAfterEvents = rig.records
        refusals = client.refusals
        for instance in recordsAfterEvents.instances.all {
            let count = rig.world.restartCount(of: instance.id)
            if !hostMayFail, count > instance.rebootsWanted {
                faults.append("\(instance.id) restarted \(count) times, \(instance.rebootsWanted) were wanted")
            }
        }
        rig.settle()
        steps = rig.steps
        rig.isCalm = true
        examine("")
        processCount = rig.processCount
        tearDown()
    }

    private mutating func play(_ event: Scenario.Event) {
        switch event {
        case .ask(let operation): client.perform(operation)
        case .askAgain(let launch): client.repeatLaunch(launch)
        case .settle: rig.settle()
        case .pass(let seconds):
            _ = rig.executor.runUntilIdle()
            rig.time.advance(seconds: seconds)
            rig.run(jobs: 10_000)
        case .shutDownInside(let name): end(name, .guestShutdown)
        case .die(let name): end(name, .died)
        case .interrupt(let name): client.interrupt(name)
        case .schedule(let code, let name, let seconds): client.schedule(code, of: name, in: seconds)
        case .work(let name, let processors):
            for id in client.ledger.launches[name] ?? [] { rig.process.host.setLoad(processors, of: id) }
        case .cling(let name): for id in client.ledger.launches[name] ?? [] { rig.world.makeClinging(id) }
        case .makeForgetful(let name):
            for id in client.ledger.launches[name] ?? [] { rig.world.makeForgetful(id) }
        case .deafen(let name): for id in client.ledger.launches[name] ?? [] { rig.world.makeDeaf(id) }
        }
    }

    private func end(_ name: String, _ end: GuestEnd) {
        for id in client.ledger.launches[name] ?? [] {
            client.guestEnded(id)
            rig.process.host.end(id, end)
        }
    }

    private mutating func examine(_ when: String) {
        rig.settle()
        faults += (rig.faults + client.check() + Invariants(rig).violations).map { when + $0 }
        faults += (CapacityInvariants(rig).violations + rig.usageFaults()).map { when + $0 }
    }

    /// Everything is deleted: nothing may be left on the host but volumes that were to stay.
    private mutating func tearDown() {
        guard faults.isEmpty else { return }
        client.deleteEverything { rig.settle() }
        examine("after everything was deleted: ")
        if !rig.world.knownGuests.isEmpty { faults.append("guests are left") }
        if !rig.world.networks.isEmpty { faults.append("networks are left") }
        if !rig.world.metadata.isEmpty { faults.append("metadata are left") }
        faults += rig.records.volumes.all.filter { $0.state != .available }.map { "\($0.id) is left" }
        let vpcs = rig.records.vpcs.all.filter { !$0.isDefault }
        if !vpcs.isEmpty { faults.append("VPCs are left") }
        if !rig.records.addresses.all.isEmpty { faults.append("addresses are left") }
        if !rig.records.eventWindows.all.isEmpty { faults.append("event windows are left") }
    }
}

extension Client {
    /// Deletes all that the client made, in an order in which nothing is in the way.
    func deleteEverything(settle: () -> Void) {
        for name in ledger.capacity.spots.keys.sorted() { perform(.capacity(.cancelSpot(name))) }
        for name in ledger.eventWindows.names { perform(.eventWindow(.delete(name, isForced: true))) }
        for name in ledger.capacity.reservations.keys.sorted() { perform(.capacity(.cancelReservation(name))) }
        settle()
        adoptInstances()
        for name in ledger.capacity.fleets.sorted() { perform(.capacity(.deleteFleet(name))) }
        for name in ledger.instanceNames { perform(.terminate(name)) }
        settle()
        for name in ledger.capacity.groups.sorted() { perform(.delete(.placementGroup, name)) }
        for name in ledger.capacity.templates.keys.sorted() { perform(.delete(.template, name)) }
        for name in ledger.volumeNames { perform(.delete(.volume, name)) }
        for name in ledger.snapshotNames {
            if ledger.snapshots[name]?.isLocked == true { perform(.unlockSnapshot(name)) }
            perform(.delete(.snapshot, name))
        }
        for name in ledger.addressNames { perform(.release(name)) }
        for name in ledger.groupNames { perform(.delete(.group, name)) }
        let named = ledger.ids.sorted { $0.key < $1.key }
        let gateways = named.filter { $0.value.hasPrefix("igw-") }.map(\.key)
        for vpc in named.filter({ $0.value.hasPrefix("vpc-") }).map(\.key) {
            for gateway in gateways { perform(.detach(gateway: gateway, vpc: vpc)) }
        }
        for gateway in gateways { perform(.delete(.gateway, gateway)) }
        for (prefix, kind) in [("subnet-", Operation.Kind.subnet), ("rtb-", .table), ("vpc-", .vpc)] {
            for name in named.filter({ $0.value.hasPrefix(prefix) }).map(\.key) { perform(.delete(kind, name)) }
        }
        settle()
    }
}
