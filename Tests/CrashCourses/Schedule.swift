// What happens by chance to a cloud and its clients: one seed, one course of events.

import CloudStore
import CloudTypes
import ControlPlane
import NodeContract
import Simulation
import Synchronization

/// Chance that rig and schedule draw from, and that the judge of steps may share.
final class Chance: Sendable {
    private let numbers: Mutex<SeededNumbers>
    init(seed: UInt64) { numbers = Mutex(SeededNumbers(seed: seed)) }

    /// Below `count`.
    func number(_ count: Int) -> Int { numbers.withLock { Int($0.next() % UInt64(count)) } }
    /// Once in `count` times.
    func once(in count: Int) -> Bool { number(count) == 0 }
    func pick<Element>(_ all: [Element]) -> Element? { all.isEmpty ? nil : all[number(all.count)] }
}

package struct Schedule {
    /// What may befall a run; drawn from its seed, so that some runs are quiet and some are wild.
    struct Weather {
        /// A step in so many kills the process; 0: none.
        let kills: Int
        let nodeFailures: Int
        let storeRefusals: Int
        /// Whether no guest listens to the power button.
        let isDeaf: Bool
        /// One message between process and node in so many takes seconds; 0: none.
        let slowness: Int

        init(_ chance: Chance) {
            kills = [0, 40, 100, 300][chance.number(4)]
            isDeaf = chance.once(in: 3)
            slowness = [0, 0, 20, 5][chance.number(4)]
            nodeFailures = [0, 0, 30, 100][chance.number(4)]
            storeRefusals = [0, 0, 30, 100][chance.number(4)]
        }

        func delay(_ chance: Chance) -> MortalNode.Delay {
            slowness > 0 && chance.once(in: slowness) ? .seconds(Double(chance.number(20))) : .turns(chance.number(4))
        }

        func fate(of step: Lifeline.Step, _ chance: Chance) -> Lifeline.Fate {
            let moment: Lifeline.Moment = chance.once(in: 2) ? .before : .after
            if kills > 0, chance.once(in: kills) { return .die(moment) }
            switch step {
            case .commit: return storeRefusals > 0 && chance.once(in: storeRefusals) ? .refuse(.full) : .proceed
            case .verb:
                guard nodeFailures > 0, chance.once(in: nodeFailures) else { return .proceed }
                return .fail(chance.once(in: 4) ? .insufficientCapacity("full") : .hostFailed("out of order"), moment)
            }
        }
    }

    package let rig: Rig
    package let clients: [Client]
    private let chance: Chance
    /// Whether clients ask for snapshots and copies too: of odd seeds.
    private let hasSnapshots: Bool
    /// Whether some of their volumes are shared: of every fourth seed.
    private let sharesVolumes: Bool
    /// Whether they ask for templates, fleets, spot requests, groups, reservations and event windows too, on a host that a dozen
    /// instances fill:
    /// of two seeds in three.
    private let hasCapacity: Bool
    private let weather: Weather
    package private(set) var faults: [String] = []
    private(set) var operations = 0
    private var made = 0
    private var orders: [String: Operation.Launch] = [:]

    package init(seed: UInt64, operations wanted: Int) {
        let chance = Chance(seed: seed)
        let weather = Weather(chance)
        self.chance = chance
        self.weather = weather
        hasSnapshots = !seed.isMultiple(of: 2)
        sharesVolumes = seed % 4 == 3
        hasCapacity = !seed.isMultiple(of: 3)
        let premises = Premises(isNarrow: hasCapacity, hasStranger: seed % 3 == 2)
        rig = Rig(
            seed: seed, order: chance.once(in: 4) ? .arrival : .random(seed: seed), premises: premises,
            delay: { weather.delay(chance) }
        ) { _, _, step in weather.fate(of: step, chance) }
        let second = premises.hasStranger ? Furnishing.stranger : Furnishing.caller
        clients = [Client("one", on: rig), Client("two", on: rig, as: second)]
        while operations < wanted, faults.isEmpty { happen() }
        finish()
    }

    private mutating func happen() {
        switch chance.number(20) {
        case 0: rig.settle()
        case 1: rig.kill { befall() }
        case 2: befall()
        case 3:
            rig.time.advance(seconds: Double(chance.number(150)))
            rig.run(jobs: chance.number(200))
        case 4 where chance.once(in: 4): examine("")
        case 5: rig.run(jobs: chance.number(300))
        case 6 where hasCapacity: decree()
        default: ask()
        }
        if weather.isDeaf { for id in rig.world.runningGuests { rig.world.makeDeaf(id) } }
        if weather.nodeFailures > 0 { for client in clients { client.hostMayHaveFailed() } }
    }

    private mutating func ask() {
        guard let client = chance.pick(clients), let operation = operation(of: client) else { return }
        operations += 1
        if case .launch(let launch) = operation, client.ledger.tokens[launch.name] != nil {
            client.repeatLaunch(launch)
        } else {
            client.perform(operation)
        }
    }

    /// The operator takes a spot instance away, or has an event in store.
    private func decree() {
        guard let client = chance.pick(clients), let name = chance.pick(client.ledger.instanceNames) else { return }
        switch chance.number(5) {
        case 0...1: client.interrupt(name)
        case 2: client.schedule(.instanceReboot, of: name, in: Double(chance.number(900)))
        case 3: client.schedule(.systemMaintenance, of: name, in: Double(chance.number(900)))
        default: client.schedule(.instanceStop, of: name, in: Double(chance.number(900)))
        }
    }

    /// A guest ends by itself or goes deaf.
    private func befall() {
        guard let id = chance.pick(rig.world.runningLaunches.keys.sorted()) else { return }
        switch chance.number(3) {
        case 0: rig.world.makeDeaf(id)
        case 1: end(id, .guestShutdown)
        default: end(id, .died)
        }
    }

    private func end(_ id: InstanceID, _ end: GuestEnd) {
        for client in clients { client.guestEnded(id) }
        rig.process.host.end(id, end)
    }

    /// Everything comes to rest and is looked at.
    private mutating func examine(_ when: String) {
        rig.settle()
        rig.isCalm = true
        rig.settle()
        faults += (rig.faults + clients.flatMap { $0.check() } + Invariants(rig).violations).map { when + $0 }
        faults += (CapacityInvariants(rig).violations + rig.usageFaults()).map { when + $0 }
        rig.isCalm = false
    }

    private mutating func finish() {
        examine("")
        guard faults.isEmpty else { return }
        rig.isCalm = true
        for client in clients { client.deleteEverything { rig.settle() } }
        examine("after everything was deleted: ")
        if !rig.world.knownGuests.isEmpty { faults.append("guests are left") }
        if !rig.world.networks.isEmpty { faults.append("networks are left") }
        if !rig.world.metadata.isEmpty { faults.append("metadata are left") }
        if rig.records.vpcs.all.contains(where: { !$0.isDefault }) { faults.append("VPCs are left") }
        if !rig.records.eventWindows.all.isEmpty { faults.append("event windows are left") }
        faults += rig.records.volumes.all.filter { $0.state != .available }.map { "\($0.id) is left" }
    }
}

extension Schedule {
    /// What went wrong in the course of a seed, and how to see it again; nil where all came to rest as promised.
    package static func complaint(seed: UInt64, operations: Int) -> String? {
        let schedule = Schedule(seed: seed, operations: operations)
        guard !schedule.faults.isEmpty else { return nil }
        let command = "APUS_SEED=\(seed) APUS_OPERATIONS=\(operations) swift test --filter ScheduleTests"
        let courses = schedule.clients.map { "\($0.name): " + $0.history.joined(separator: "\n    ") }
        return """
            \(schedule.faults.joined(separator: "; ")). To see it again: \(command)
            \(courses.joined(separator: "\n"))
            """
    }
}

// MARK: - What is asked

extension Schedule {
    private mutating func operation(of client: Client) -> Operation? {
        let ledger = client.ledger
        let alive = ledger.instanceNames.filter(ledger.isAlive)
        if hasSnapshots, chance.once(in: 3) { return snapshotOperation(of: client) }
        if hasCapacity, chance.once(in: 8) { return eventOperation(of: client, alive) }
        if hasCapacity, chance.once(in: 2) { return capacityOperation(of: client).map { .capacity($0) } }
        switch chance.number(24) {
        case 0...2: return launch(client)
        case 3: return chance.pick(launches(of: client)).map { .launch($0) }
        case 4...6: return chance.pick(alive).map { .stop($0, shutdown(of: $0, client)) }
        case 7...9: return chance.pick(alive).map { .start($0) }
        case 10: return chance.pick(alive).map { .reboot($0) }
        case 11: return chance.pick(ledger.instanceNames).map { .terminate($0, .allCases[chance.number(3)]) }
        case 12: return chance.pick(alive).map { .tag($0, key: "k\(chance.number(3))", value: "v\(chance.number(9))") }
        case 13...15: return accessOperation(of: client, alive)
        case 16...18: return volumeOperation(of: client, alive)
        default: return networkOperation(of: client)
        }
    }

    private mutating func shutdown(of name: String, _ client: Client) -> Operation.Shutdown {
        let shutdown = Operation.Shutdown.allCases[chance.number(3)]
        return shutdown == .graceful && orders["\(client.name)/\(name)"]?.hibernates == true ? .hibernated : shutdown
    }

    private mutating func launch(_ client: Client) -> Operation {
        made += 1
        var launch = Operation.Launch(name: "i\(made)-\(1 + chance.number(2))")
        launch.count = launch.name.hasSuffix("2") ? 2 : 1
        launch.subnet = chance.once(in: 2) ? chance.pick(names("sub", client)) : nil
        if launch.subnet == nil { launch.group = chance.pick(client.ledger.groupNames.filter { $0.hasPrefix("open") }) }
        launch.terminatesItself = chance.once(in: 3)
        launch.hibernates = made.isMultiple(of: 3)
        launch.hasMoreVolumes = chance.once(in: 4)
        if hasCapacity { place(&launch, client) }
        orders["\(client.name)/\(launch.name)"] = launch
        return .launch(launch)
    }

    private mutating func place(_ launch: inout Operation.Launch, _ client: Client) {
        let ledger = client.ledger.capacity
        switch chance.number(6) {
        case 0: launch.template = chance.pick(ledger.templates.keys.sorted())
        case 1: launch.placement = chance.pick(ledger.groups.sorted())
        case 2: launch.reservation = chance.pick(ledger.reservations.keys.sorted())
        case 3: launch.isSpot = true
        default: break
        }
    }

    private mutating func capacityOperation(of client: Client) -> CapacityOperation? {
        made += 1
        let ledger = client.ledger.capacity
        let name = "cap\(made)-\(client.name)"
        let template = chance.pick(ledger.templates.keys.sorted())
        let reservation = chance.pick(ledger.reservations.keys.sorted())
        switch chance.number(16) {
        case 0: return .createTemplate(name)
        case 1: return template.map { .createVersion(name, of: $0) }
        case 2, 3:
            return template.map {
                .createFleet(name, template: $0, count: 1 + chance.number(3), isSpot: chance.once(in: 2))
            }
        case 4: return chance.pick(ledger.fleets.sorted()).map { .deleteFleet($0) }
        case 5...7:
            let isPersistent = chance.once(in: 2)
            return .requestSpot(name, isPersistent: isPersistent, stops: isPersistent && chance.once(in: 2))
        case 8, 9: return chance.pick(ledger.spots.keys.sorted()).map { .cancelSpot($0) }
        case 10: return .createGroup(name, strategy: ["cluster", "spread", "partition"][chance.number(3)])
        case 11, 12: return .reserve(name, count: 1 + chance.number(4), isOpen: chance.once(in: 2))
        case 13: return reservation.map { .resize($0, count: 1 + chance.number(5)) }
        default: return reservation.map { .cancelReservation($0) }
        }
    }

    /// Windows open within three hours; a tag that they are for is the client's own, as its instances are.
    private mutating func eventOperation(of client: Client, _ alive: [String]) -> Operation? {
        made += 1
        let (window, instance) = (chance.pick(client.ledger.eventWindows.names), chance.pick(alive))
        let tag = EventWindowOperation.Target.tag(key: "window", value: client.name)
        let target: EventWindowOperation.Target? = chance.once(in: 3) ? tag : instance.map { .launch($0) }
        let start = EventWindowOperation.Hours.hourOfWeek(rig.time.now) + chance.number(3)
        let hours = EventWindowOperation.Hours(start: start % EventWindowOperation.Hours.inWeek, count: 4)
        let operation: EventWindowOperation?
        switch chance.number(10) {
        case 0...1: operation = .create("window\(made)-\(client.name)", hours)
        case 2: operation = window.map { .modify($0, hours) }
        case 3: operation = window.map { .delete($0, isForced: chance.once(in: 2)) }
        case 4...6: operation = window.flatMap { window in target.map { .associate(window, $0) } }
        case 7: operation = window.flatMap { window in target.map { .disassociate(window, $0) } }
        case 8: return instance.map { .tag($0, key: "window", value: client.name) }
        default: return instance.map { .changeCredits($0, isUnlimited: chance.once(in: 2)) }
        }
        return operation.map { .eventWindow($0) }
    }

    private func launches(of client: Client) -> [Operation.Launch] {
        client.ledger.instanceNames.compactMap { orders["\(client.name)/\($0)"] }
    }

    private mutating func volumeOperation(of client: Client, _ alive: [String]) -> Operation? {
        made += 1
        let volumes = client.ledger.volumeNames
        switch chance.number(5) {
        case 0 where sharesVolumes && chance.once(in: 2):
            return .createVolume("vol\(made)-\(client.name)", size: 4, isShared: true)
        case 0: return .createVolume("vol\(made)-\(client.name)", size: 1)
        case 1, 2:
            guard let volume = chance.pick(volumes), let instance = chance.pick(alive) else { return nil }
            return .attachVolume(volume, instance: instance, device: "/dev/sd" + ["h", "i", "j"][chance.number(3)])
        case 3:
            let instance = sharesVolumes ? chance.pick(alive) : nil
            return chance.pick(volumes).map { .detachVolume($0, from: instance, force: chance.once(in: 3)) }
        default:
            return chance.pick(volumes).flatMap { name in
                client.ledger.volumes[name].map { .growVolume(name, size: $0.sizeGiB + 1) }
            }
        }
    }

    /// Where there is nothing yet to make snapshots of, something is made.
    private mutating func snapshotOperation(of client: Client) -> Operation? {
        made += 1
        let ledger = client.ledger
        let snapshot = chance.pick(ledger.snapshotNames)
        guard let volume = chance.pick(ledger.volumeNames) else {
            return .createVolume("vol\(made)-\(client.name)", size: 1)
        }
        let name = "snap\(made)-\(client.name)"
        switch chance.number(16) {
        case 0...3: return .createSnapshot(name, of: volume, isKept: chance.once(in: 3))
        case 4, 5: return snapshot.map { .copySnapshot(name, of: $0) }
        case 6, 7: return snapshot.map { .delete(.snapshot, $0) }
        case 8, 9: return snapshot.map { .createVolumeOf("vol\(made)-\(client.name)", snapshot: $0, size: 50) }
        case 10, 11:
            return ledger.volumes[volume].map {
                .copyVolume("vol\(made)-\(client.name)", of: volume, size: $0.sizeGiB)
            }
        case 12: return .delete(.volume, volume)
        case 13: return snapshot.map { chance.once(in: 2) ? .lockSnapshot($0) : .unlockSnapshot($0) }
        case 14: return snapshot.map { chance.once(in: 2) ? .enableFastRestore($0) : .disableFastRestore($0) }
        default: return chance.pick(ledger.binned.keys.sorted()).map { .restoreSnapshot($0) }
        }
    }

    private mutating func accessOperation(of client: Client, _ alive: [String]) -> Operation? {
        let ledger = client.ledger
        made += 1
        switch chance.number(7) {
        case 0: return .createGroup("open\(made)-\(client.name)", vpc: nil)
        case 1: return chance.pick(ledger.groupNames).map { .authorize($0, port: 1 + chance.number(5)) }
        case 2: return chance.pick(ledger.groupNames).map { .revoke($0, port: 1 + chance.number(5)) }
        case 3: return .allocateAddress("ip\(made)-\(client.name)")
        case 4:
            guard let address = chance.pick(ledger.addressNames), let instance = chance.pick(alive) else { return nil }
            return .associate(address: address, instance: instance)
        case 5: return chance.pick(ledger.addressNames).map { .disassociate($0) }
        default: return chance.pick(ledger.addressNames.filter { !ledger.isAssociated($0) }).map { .release($0) }
        }
    }

    private mutating func networkOperation(of client: Client) -> Operation? {
        made += 1
        let vpcs = names("vpc", client)
        let (vpc, gateway) = (chance.pick(vpcs), chance.pick(names("gate", client)))
        switch chance.number(8) {
        case 0: return .createVPC("vpc\(made)-\(client.name)", block: "10.\(made % 250).0.0/16")
        case 1:
            guard let vpc, let number = vpc.dropFirst(3).split(separator: "-").first.flatMap({ Int($0) }) else {
                return nil
            }
            let block = "10.\(number % 250).\(chance.number(4)).0/24"
            return .createSubnet("sub\(made)-\(client.name)", vpc: vpc, block: block)
        case 2: return .createGateway("gate\(made)-\(client.name)")
        case 3, 4:
            guard let vpc, let gateway else { return nil }
            return .attach(gateway: gateway, vpc: vpc)
        case 5:
            guard let vpc, let gateway else { return nil }
            return .detach(gateway: gateway, vpc: vpc)
        case 6: return chance.pick(names("sub", client)).map { .delete(.subnet, $0) }
        default: return vpc.map { .delete(.vpc, $0) }
        }
    }

    private func names(_ kind: String, _ client: Client) -> [String] {
        client.ledger.ids.keys.filter { $0.hasPrefix(kind) }.sorted()
    }
}
