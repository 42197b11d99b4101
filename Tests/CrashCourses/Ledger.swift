// What one client was promised: the ids it was told, and how each resource must be once everything rests.

import CloudTypes
import ControlPlane
import NodeContract

struct Ledger {
    private(set) var instances: [InstanceID: Instance] = [:]
    /// Any of these may have been taken away, and forgotten an hour later.
    private var spotInstances: Set<InstanceID> = []
    private(set) var launches: [String: [InstanceID]] = [:]
    private(set) var tokens: [String: (reservation: String, body: String)] = [:]
    private(set) var ids: [String: String] = [:]
    private(set) var ports: [String: Set<Int>] = [:]
    /// The instance that each address stands for.
    private(set) var addresses: [String: InstanceID?] = [:]
    private(set) var gone: Set<String> = []
    private(set) var volumes: [String: Volume] = [:]
    private(set) var snapshots: [String: Snapshot] = [:]
    private(set) var binned: [String: BinStay] = [:]
    private(set) var images: Set<String> = []
    private(set) var binnedImages: [String: ImageStay] = [:]
    private(set) var keptImages: Set<String> = []
    private(set) var capacity = CapacityLedger()
    private(set) var eventWindows = EventWindowLedger()
    private var encryptsByDefault = false
    /// What befell since the last look, also to instances that the client does not know of yet.
    private var hasHostFailed = false
    private var ended: Set<InstanceID> = []
    private(set) var faults: [String] = []

    func id(_ name: String) -> String? { ids[name] }
    var instanceNames: [String] { launches.keys.sorted() }
    var groupNames: [String] { ports.keys.sorted() }
    var volumeNames: [String] { volumes.keys.sorted() }
    var snapshotNames: [String] { snapshots.keys.sorted() }
    var addressNames: [String] { addresses.keys.sorted() }
    func isAssociated(_ address: String) -> Bool { addresses[address].flatMap { $0 } != nil }
    func ports(of group: String) -> Set<Int> { ports[group] ?? [] }

    /// When an event that stops or reboots the instance begins, if it is wanted at the moment.
    func opening(of id: InstanceID, from moment: Timestamp) -> Timestamp {
        eventWindows.opening(of: id, instances[id]?.tags ?? [:], from: moment)
    }

    /// Whether the one instance of the name is there and not to be terminated.
    func isAlive(_ name: String) -> Bool {
        launches[name]?.contains { instances[$0]?.states != [.terminated] } ?? false
    }

    /// Something may have failed on the host: what was to run may have ended.
    mutating func hostMayHaveFailed() {
        hasHostFailed = true
        for id in instances.keys where instances[id]?.states.contains(.running) == true {
            instances[id]?.mayHaveEnded()
        }
    }

    /// Instances that were launched for spot requests since are the client's too.
    mutating func adopt(_ state: CloudState) {
        for instance in state.instances.all where instance.spot != nil { spotInstances.insert(instance.id) }
        for name in capacity.spots.keys {
            guard let request = ids[name].flatMap({ SpotRequestID($0) }) else { continue }
            for instance in state.instances.all where instance.spot?.request == request && instances[instance.id] == nil
            {
                launches[name, default: []].append(instance.id)
                instances[instance.id] = Instance(name: name, terminatesItself: false)
                if hasHostFailed || ended.contains(instance.id) { instances[instance.id]?.mayHaveEnded() }
            }
        }
    }

    mutating func scheduled(
        _ code: InstanceEvent.Code, _ description: String, of id: InstanceID, launch: Int, due: Timestamp
    ) {
        let stops = [.instanceStop, .instanceRetirement].contains(code)
        capacity.scheduled(description, CapacityLedger.Event(instance: id, launch: launch, due: due, stops: stops))
        if stops { instances[id]?.mayHaveEnded() }
    }

    mutating func guestEnded(_ id: InstanceID) {
        ended.insert(id)
        instances[id]?.mayHaveEnded()
    }

    mutating func mayComeBack(_ ids: Set<InstanceID>) {
        for id in ids where instances[id]?.states != [.terminated] { instances[id]?.states.insert(.running) }
    }

    /// The client asked for the operation and was told that it is done.
    mutating func acknowledge(_ operation: Operation, _ body: String, at now: Timestamp) {
        if let made = operation.made {
            guard let id = Answer.texts(of: made.element, in: body).first else {
                return faults.append("\(operation) was answered without an id")
            }
            ids[made.name] = id
        }
        switch operation {
        case .launch(let launch): launched(launch, body)
        case .stop(let name, _): ask(name) { $0 == [.terminated] ? $0 : $0.union([.stopped]).subtracting([.running]) }
        case .start(let name):
            ask(name) { $0 == [.terminated] ? $0 : $0.count == 1 ? [.running] : $0.union([.running]) }
        case .terminate(let name, _): ask(name) { _ in [.terminated] }
        case .tag(let name, let key, let value):
            for id in launches[name] ?? [] { instances[id]?.tags[key] = value }
        case .changeCredits(let name, let isUnlimited):
            for id in launches[name] ?? [] { instances[id]?.isUnlimited = isUnlimited }
        case .createGroup(let name, _): ports[name] = []
        case .authorize(let name, let port): ports[name]?.insert(port)
        case .revoke(let name, let port): ports[name]?.remove(port)
        case .allocateAddress(let name): addresses.updateValue(nil, forKey: name)
        case .associate(let address, let instance): associated(address, launches[instance]?.first)
        case .disassociate(let name): addresses.updateValue(nil, forKey: name)
        case .release(let name):
            addresses[name] = nil
            forget(name)
        case .createVolume(let name, let size, _), .createVolumeOf(let name, _, let size),
            .copyVolume(let name, _, let size):
            volumes[name] = Volume(sizeGiB: size, mustBeEncrypted: encryptsByDefault)
        case .encryptByDefault: encryptsByDefault = true
        case .createSnapshot(let name, _, let isKept): snapshots[name] = Snapshot(isKept: isKept)
        case .createSnapshots(let name, _, let count): captured(name, count, body)
        case .copySnapshot(let name, _): snapshots[name] = Snapshot()
        case .lockSnapshot(let name): snapshots[name]?.isLocked = true
        case .unlockSnapshot(let name): snapshots[name]?.isLocked = false
        case .enableFastRestore(let name): snapshots[name]?.isFast = true
        case .disableFastRestore(let name): snapshots[name]?.isFast = false
        case .restoreSnapshot(let name):
            ids[name] = binned.removeValue(forKey: name)?.id
            snapshots[name] = Snapshot(isComplete: true, isKept: true)
        case .createImage(let name, _, _, let isKept):
            images.insert(name)
            if isKept { keptImages.insert(name) }
        case .copyImage(let name, _): images.insert(name)
        case .deregisterImage(let name): images.remove(name)
        case .restoreImage(let name):
            binnedImages[name] = nil
            images.insert(name)
        case .capacity(let operation): acknowledge(operation, body)
        case .eventWindow(let operation):
            eventWindows.acknowledge(operation, launches)
            if case .delete(let name, _) = operation { forget(name) }
        case .delete(.snapshot, let name) where snapshots[name]?.isKept == true:
            let isCertain = snapshots[name]?.isComplete == true
            binned[name] = ids.removeValue(forKey: name).map { BinStay(id: $0, since: now, isCertain: isCertain) }
            snapshots[name] = nil
        case .attachVolume(let name, let instance, _):
            if let id = launches[instance]?.first { volumes[name]?.instances.insert(id) }
        case .detachVolume(let name, let instance, _): detached(name, instance.flatMap { launches[$0]?.first })
        case .endVolume(let name, let instance, _):
            if let id = launches[instance]?.first { volumes[name]?.deadly.insert(id) }
        case .growVolume(let name, let size): volumes[name]?.sizeGiB = size
        case .delete(_, let name):
            (ports[name], volumes[name], snapshots[name]) = (nil, nil, nil)
            capacity.forget(name)
            forget(name)
        case .reboot, .createVPC, .createSubnet, .createGateway, .attach, .detach, .createTable, .createRoute,
            .associateTable, .replaceRoot, .chooseKey:
            break
        }
    }

    private mutating func acknowledge(_ operation: CapacityOperation, _ body: String) {
        capacity.acknowledge(operation, ids)
        switch operation {
        case .createFleet(let name, _, _, _):
            let found = body.matches(of: /i-[0-9a-f]{17}/).compactMap { InstanceID(String($0.output)) }
            launches[name] = found
            for id in found { instances[id] = Instance(name: name, terminatesItself: false) }
        case .deleteFleet(let name):
            ask(name) { _ in [.terminated] }
            ids[name] = nil
        case .cancelReservation(let name): ids[name] = nil
        case .createTemplate, .createVersion, .requestSpot, .cancelSpot, .createGroup, .reserve, .resize: break
        }
    }

    /// The image of the name is in the recycle bin, under this id.
    mutating func binned(_ name: String, _ id: ImageID, at now: Timestamp) {
        if keptImages.contains(name) { binnedImages[name] = ImageStay(id: id, since: now) }
    }

    /// The snapshots of one moment: all of them, or none.
    private mutating func captured(_ name: String, _ count: Int, _ body: String) {
        let found = Answer.texts(of: "snapshotId", in: body)
        if found.count != count { faults.append("\(name): \(found.count) of \(count) snapshots") }
        for (place, id) in found.enumerated() {
            let member = place == 0 ? name : "\(name)/\(place + 1)"
            (ids[member], snapshots[member]) = (id, Snapshot())
        }
    }

    private mutating func detached(_ name: String, _ instance: InstanceID?) {
        guard let left = instance.map({ [$0] }) ?? volumes[name]?.instances else { return }
        volumes[name]?.instances.subtract(left)
        volumes[name]?.deadly.subtract(left)
    }

    private mutating func associated(_ address: String, _ instance: InstanceID?) {
        for (other, held) in addresses where held == instance { addresses.updateValue(nil, forKey: other) }
        addresses.updateValue(instance, forKey: address)
    }

    private mutating func forget(_ name: String) {
        if let id = ids.removeValue(forKey: name) { gone.insert(id) }
    }

    private mutating func launched(_ launch: Operation.Launch, _ body: String) {
        let found = Answer.texts(of: "instanceId", in: body).compactMap { InstanceID($0) }
        let reservation = Answer.texts(of: "reservationId", in: body).first ?? ""
        if found.count != launch.count { faults.append("\(launch.name): \(found.count) of \(launch.count) instances") }
        if let before = tokens[launch.name], before.reservation != reservation {
            faults.append("\(launch.name): one token, two reservations")
        }
        guard tokens[launch.name] == nil else { return }
        tokens[launch.name] = (reservation, body)
        launches[launch.name] = found
        for id in found { instances[id] = Instance(name: launch.name, terminatesItself: launch.terminatesItself) }
    }

    private mutating func ask(_ name: String, _ change: (Set<InstanceState>) -> Set<InstanceState>) {
        for id in launches[name] ?? [] {
            guard let states = instances[id]?.states else { continue }
            instances[id]?.states = change(states)
        }
    }

    /// Compares with the records, everything resting, and takes over what was left open.
    mutating func check(_ state: CloudState, at now: Timestamp) -> [String] {
        adopt(state)
        (hasHostFailed, ended) = (false, [])
        var faults = faults
        for (id, promised) in instances {
            guard let record = state.instances[id] else {
                let mayBeGone = promised.states.contains(.terminated) || spotInstances.contains(id)
                if !mayBeGone { faults.append("\(id) is lost") }
                // Forgotten an hour after its end, between two looks at it.
                instances[id]?.states = [.terminated]
                continue
            }
            if !promised.states.contains(record.state), !record.wasTakenAway {
                faults.append("\(id) is \(record.state), promised was \(promised.states)")
            }
            // What stopped for others to have their room comes back when there is room again.
            let mayComeBack = record.state == .stopped && record.stateReason == .spotShutdown
            instances[id]?.states = mayComeBack ? [.stopped, .running] : [record.state]
            if capacity.mayStop(id, after: now) { instances[id]?.states.insert(.stopped) }
            let tags = record.tags.filter { !$0.key.hasPrefix("aws:") }
            guard record.state != .terminated else { continue }
            if tags != promised.tags { faults.append("\(id) has other tags") }
            if (record.creditSpecification == "unlimited") != promised.isUnlimited {
                faults.append("\(id) is \(record.creditSpecification ?? "without credits")")
            }
        }
        loseVolumes(state)
        let present = Set(
            state.vpcs.all.map(\.id.description) + state.subnets.all.map(\.id.description)
                + state.securityGroups.all.map(\.id.description) + state.addresses.all.map(\.id.description)
                + state.internetGateways.all.map(\.id.description) + state.routeTables.all.map(\.id.description)
                + state.volumes.all.map(\.id.description)
                + state.snapshots.all.filter(\.isListed).map(\.id.description)
                + state.launchTemplates.all.map(\.id.description) + state.fleets.all.map(\.id.description)
                + state.spotRequests.all.map(\.id.description) + state.placementGroups.all.map(\.id.description)
                + state.capacityReservations.all.map(\.id.description)
                + state.eventWindows.all.map(\.id.description))
        faults += ids.filter { !present.contains($0.value) }.map { "\($0.key) (\($0.value)) is lost" }
        faults += gone.intersection(present).map { "\($0) is back" }
        faults += checkRules(state) + checkAddresses(state) + checkVolumes(state)
        faults += capacity.check(state, ids, at: now) + eventWindows.check(state, ids)
        faults += checkBinnedImages(state, at: now)
        return faults + checkSnapshots(state, at: now)
    }

    private mutating func checkSnapshots(_ state: CloudState, at now: Timestamp) -> [String] {
        var faults: [String] = []
        for (name, promised) in snapshots {
            guard let snapshot = ids[name].flatMap({ SnapshotID($0) }).flatMap({ state.snapshots[$0] }) else {
                continue
            }
            snapshots[name]?.isComplete = snapshot.state == .completed
            if snapshot.state != .completed { faults.append("\(name) is \(snapshot.state)") }
            let isFast = state.fastRestores.all(where: IndexKey(.snapshot, snapshot.id)).contains(
                where: \.state.isWanted)
            if isFast != promised.isFast { faults.append("\(name) is \(isFast ? "" : "not ")kept ready") }
            if (snapshot.lock != nil) != promised.isLocked { faults.append("\(name) has another lock than promised") }
        }
        for (name, stay) in binned {
            guard stay.isCertain || SnapshotID(stay.id).flatMap({ state.snapshots[$0] }) != nil else {
                binned[name] = nil
                continue
            }
            binned[name]?.isCertain = true
            let isThere = SnapshotID(stay.id).flatMap { state.snapshots[$0] }?.state == .recoverable
            if isThere != (now < stay.since.adding(seconds: 86_400)) {
                faults.append("\(name) is \(isThere ? "still" : "not") in the bin")
            }
        }
        let found = Set(state.images.all.filter { $0.state == .available }.map(\.name))
        return faults + images.subtracting(found).sorted().map { "the image \($0) is lost" }
    }

    /// What went with the last instance that had it.
    private mutating func loseVolumes(_ state: CloudState) {
        for (name, promised) in volumes {
            let left = promised.instances.filter { [nil, .terminated].contains(state.instances[$0]?.state) }
            volumes[name]?.instances.subtract(left)
            guard !left.isEmpty, left == promised.instances, !left.isDisjoint(with: promised.deadly) else { continue }
            // Which of several was the last is not known.
            let isThere = ids[name].flatMap { VolumeID($0) }.map { state.volumes[$0] != nil } ?? false
            guard left.isSubset(of: promised.deadly) || !isThere else { continue }
            volumes[name] = nil
            forget(name)
        }
    }

    private func checkBinnedImages(_ state: CloudState, at now: Timestamp) -> [String] {
        binnedImages.compactMap { name, stay in
            let isThere = state.images[stay.id]?.binStay != nil
            let isDue = now < stay.since.adding(seconds: 86_400)
            return isThere == isDue ? nil : "the image \(name) is \(isThere ? "still" : "not") in the bin"
        }
    }

    private func checkVolumes(_ state: CloudState) -> [String] {
        var faults: [String] = []
        for (name, promised) in volumes {
            guard let volume = ids[name].flatMap({ VolumeID($0) }).flatMap({ state.volumes[$0] }) else { continue }
            let found = Set(volume.attachments.map(\.instance))
            if found != promised.instances {
                faults.append("\(name) is attached to \(found.sorted()), promised was \(promised.instances.sorted())")
            }
            if promised.mustBeEncrypted, !volume.isEncrypted { faults.append("\(name) is in the clear") }
            if volume.sizeGiB != promised.sizeGiB {
                faults.append("\(name) has \(volume.sizeGiB) GiB, promised were \(promised.sizeGiB)")
            }
        }
        return faults
    }

    private func checkRules(_ state: CloudState) -> [String] {
        ports.compactMap { name, ports in
            guard let id = ids[name].flatMap({ SecurityGroupID($0) }), let group = state.securityGroups[id] else {
                return nil
            }
            let found = Set(group.rules.filter { !$0.isEgress }.compactMap(\.fromPort))
            return found == ports ? nil : "\(name) lets in \(found.sorted()), promised was \(ports.sorted())"
        }
    }

    private mutating func checkAddresses(_ state: CloudState) -> [String] {
        var faults: [String] = []
        for (name, instance) in addresses {
            guard let id = ids[name].flatMap({ AllocationID($0) }), let address = state.addresses[id] else { continue }
            let holder = address.association.flatMap { state.networkInterfaces[$0.interface]?.attachment?.instance }
            if let instance, instances[instance]?.states == [.terminated] {
                addresses.updateValue(nil, forKey: name)
                if holder != nil { faults.append("\(name) stands for a terminated instance") }
            } else if holder != instance {
                faults.append(
                    "\(name) stands for \(holder?.description ?? "nothing"), promised was "
                        + (instance?.description ?? "nothing"))
            }
        }
        return faults
    }
}

extension InstanceRecord {
    /// Whether it is or was on its way out for others to have its room, which may happen to every spot instance.
    fileprivate var wasTakenAway: Bool {
        spot?.interruption != nil || [.spotTermination, .spotShutdown].contains(stateReason)
    }
}
