// What must hold of records and host whenever everything rests, whatever has happened before.

import CloudTypes
import ControlPlane
import NodeContract
import Simulation

struct Invariants {
    let state: CloudState
    let world: SimulatedWorld
    let settings: CloudSettings

    init(_ rig: Rig) { (state, world, settings) = (rig.records, rig.world, rig.premises.settings) }

    var violations: [String] {
        states + guests + memories + volumes + disks + snapshots + keys + networks + metadata + interfaces + addresses
            + reservations
    }

    /// Nothing is on its way for ever.
    private var states: [String] {
        state.instances.all.filter { ![.running, .stopped, .terminated].contains($0.state) }
            .map { "\($0.id) is stuck in \($0.state)" }
            + state.volumes.all.filter { [.creating, .deleting].contains($0.state) }
            .map { "\($0.id) is stuck in \($0.state)" }
            + state.instances.all.filter { $0.state == .running && $0.rebootsWanted != $0.rebootsDone }
            .map { "\($0.id) was asked to reboot and never did" }
            + state.instances.all.filter { $0.pause != nil }.map { "\($0.id) is off for ever" }
            + state.images.all.filter { $0.state == .pending }.map { "\($0.id) is never made" }
            + state.snapshots.all.filter { $0.state == .pending }.map { "\($0.id) is never stored" }
            + state.rootTasks.all.filter { !$0.state.isFinal }.map { "\($0.id) is stuck in \($0.state)" }
    }

    /// The guests that run are those of running instances, in the launch that the record tells.
    private var guests: [String] {
        let wanted = Dictionary(
            uniqueKeysWithValues: state.instances.all.filter { $0.state == .running }.map { ($0.id, $0.launch) })
        let found = world.runningLaunches
        var faults = differences(wanted, found, "guest")
        faults += world.knownGuests.filter { [nil, .terminated].contains(state.instances[$0]?.state) }
            .map { "the host still keeps the guest of \($0)" }
        for instance in state.instances.all {
            let starts = world.starts(of: instance.id)
            if Set(starts).count != starts.count { faults.append("\(instance.id) was started twice: \(starts)") }
            if starts.sorted() != starts { faults.append("\(instance.id) was started out of order: \(starts)") }
        }
        return faults
    }

    /// The node keeps the memories that the records tell, and no other.
    private var memories: [String] {
        let saved = state.instances.all.compactMap { instance -> (InstanceID, Int)? in
            guard case .saved(let launch) = instance.hibernation else { return nil }
            return (instance.id, launch)
        }
        return differences(Dictionary(uniqueKeysWithValues: saved), world.memories, "memory")
    }

    private var volumes: [String] {
        let wanted = Set(state.volumes.all.filter { $0.state != .error }.map(\.id))
        var faults = wanted.subtracting(world.volumes).map { "\($0) has no bytes" }
        faults += world.volumes.subtracting(wanted).map { "the bytes of \($0) leak" }
        for volume in state.volumes.all {
            if !volume.isRealised { faults.append("\(volume.id) is not known to exist") }
            if (volume.state == .inUse) == volume.attachments.isEmpty {
                faults.append("\(volume.id) is \(volume.state)")
            }
            for attachment in volume.attachments {
                if [nil, .terminated].contains(state.instances[attachment.instance]?.state) {
                    faults.append("\(volume.id) is attached to \(attachment.instance), which is gone")
                }
                if attachment.state != .attached { faults.append("\(volume.id) is \(attachment.state)") }
            }
        }
        for instance in state.instances.all where instance.state != .terminated {
            let devices = state.volumes.all(where: IndexKey(.instance, instance.id)).flatMap(\.attachments)
            if !devices.contains(where: { $0.deviceName == instance.rootDeviceName }) {
                faults.append("\(instance.id) has no root volume")
            }
        }
        return faults
    }

    /// A guest that runs has the disks that the records tell, at the size and with the limits that they tell.
    private var disks: [String] {
        var faults: [String] = []
        for instance in state.instances.all where instance.state == .running {
            let wanted = GuestSpec(of: instance, in: state, settings: settings)?.disks ?? []
            let found = world.disks[instance.id] ?? [:]
            faults += differences(
                Dictionary(uniqueKeysWithValues: wanted.map { ($0.volume, $0) }), found, "disk in \(instance.id)")
        }
        for volume in state.volumes.all where volume.state != .error {
            let size = world.volumeSizes[volume.id]
            if size != volume.sizeGiB { faults.append("\(volume.id) has \(size ?? 0) of \(volume.sizeGiB) GiB") }
            if let last = volume.modification, last.isUnderWay { faults.append("\(volume.id) is \(last.state)") }
        }
        return faults
    }

    /// What lies on the host is sealed with the keys that the records tell.
    private var keys: [String] {
        let volumes = state.volumes.all.filter { $0.state != .error }.compactMap { volume in
            volume.keyID.map { (volume.id, EncryptionKeyID($0)) }
        }
        let snapshots = state.snapshots.all.filter { $0.state != .error }.compactMap { snapshot in
            snapshot.bytes.key.map { (snapshot.id, $0) }
        }
        return differences(Dictionary(uniqueKeysWithValues: volumes), world.volumeKeys, "key")
            + differences(Dictionary(uniqueKeysWithValues: snapshots), world.snapshotKeys, "key")
    }

    /// The host has the bytes of each snapshot, whole, and of no other; what it was brought from outside has no record of
    /// where they came from.
    private var snapshots: [String] {
        let own = state.snapshots.all.filter { $0.origin != nil }
        let wanted = Set(own.filter { $0.state != .error }.map(\.id))
        var faults = wanted.subtracting(world.wholeSnapshots).map { "\($0) has no bytes, or not all" }
        faults += world.snapshots.subtracting(wanted).map { "the bytes of \($0) leak" }
        faults += own.filter { $0.state == .deleting || $0.copy != nil }.map { "\($0.id) is never gone" }
        faults += state.fastRestores.all.filter { ![.enabled, .disabled].contains($0.state) }
            .map { "\($0.id) is stuck in \($0.state)" }
        let ready = Set(state.fastRestores.all.filter(\.state.isWanted).map(\.snapshot))
        faults += ready.symmetricDifference(world.preparedSnapshots).map { "\($0) is kept ready, or should be" }
        for image in state.images.all where image.state == .available {
            for id in image.blockDevices.compactMap({ $0.ebs?.snapshot })
            where state.snapshots[id]?.state != .completed {
                faults.append("\(image.id) has lost \(id)")
            }
        }
        return faults
    }

    /// A VPC has a network where a guest is in it, and that network is as the records say.
    private var networks: [String] {
        var wanted: [VPCID: VPCNetwork] = [:]
        for vpc in state.vpcs.all {
            guard let network = VPCNetwork(of: vpc.id, in: state, settings: settings), !network.interfaces.isEmpty
            else { continue }
            wanted[vpc.id] = network
        }
        return differences(wanted, world.networks, "network").map { fault in
            let parts = wanted.flatMap { id, network in world.networks[id].map { network.parts(unlike: $0) } ?? [] }
            return fault + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
        }
    }

    private var metadata: [String] {
        let live = state.instances.all.filter { $0.state == .running }
        let wanted = live.map { ($0.id, InstanceMetadata(of: $0, in: state, settings: settings)) }
        return differences(Dictionary(uniqueKeysWithValues: wanted), world.metadata, "metadata")
    }

    private var interfaces: [String] {
        var faults: [String] = []
        var holders: [String: NetworkInterfaceID] = [:]
        for interface in state.networkInterfaces.all {
            let keys =
                interface.addresses.map { "\(interface.subnet)/\($0.privateAddress)" } + ["\(interface.macAddress)"]
            for key in keys where holders.updateValue(interface.id, forKey: key) != nil {
                faults.append("\(key) is given out twice")
            }
            guard let attachment = interface.attachment else { continue }
            if [nil, .terminated].contains(state.instances[attachment.instance]?.state) {
                faults.append("\(interface.id) is attached to \(attachment.instance), which is gone")
            }
        }
        for instance in state.instances.all {
            let own = state.networkInterfaces.all(where: IndexKey(.instance, instance.id))
            let wanted = instance.state == .terminated ? 0 : 1
            if own.count != wanted { faults.append("\(instance.id) has \(own.count) interfaces") }
        }
        return faults
    }

    private var addresses: [String] {
        var faults: [String] = []
        var given: Set<IPv4Address> = []
        for address in state.addresses.all {
            if !given.insert(address.publicAddress).inserted {
                faults.append("\(address.publicAddress) is given out twice")
            }
            if let held = address.association, state.networkInterfaces[held.interface] == nil {
                faults.append("\(address.id) stands for \(held.interface), which is gone")
            }
        }
        for interface in state.networkInterfaces.all {
            for address in interface.addresses {
                guard let auto = address.autoPublicAddress else { continue }
                if !given.insert(auto).inserted { faults.append("\(auto) is given out twice") }
                if !state.reachesNetwork(interface) {
                    faults.append("\(auto) is held by \(interface.id), which is down")
                }
            }
        }
        return faults
    }

    /// One reservation to a token.
    private var reservations: [String] {
        let byToken = Dictionary(grouping: state.instances.all.filter { $0.clientToken != nil }) { $0.clientToken }
        return byToken.filter { Set($0.value.map(\.reservation)).count != 1 }
            .map { "the token \($0.key ?? "") has more than one reservation" }
    }

    private func differences<Key: Hashable, Value: Equatable>(
        _ wanted: [Key: Value], _ found: [Key: Value], _ what: String
    ) -> [String] {
        Set(wanted.keys).union(found.keys).compactMap { key in
            switch (wanted[key], found[key]) {
            case (nil, _): "the \(what) of \(key) leaks"
            case (_, nil): "the \(what) of \(key) is missing"
            case (let wanted, let found): wanted == found ? nil : "the \(what) of \(key) is not as the records say"
            }
        }
    }
}

extension VPCNetwork {
    /// What differs between two states of one network, in words.
    fileprivate func parts(unlike other: VPCNetwork) -> [String] {
        zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children).compactMap { ours, theirs in
            let (wanted, found) = ("\(ours.value)", "\(theirs.value)")
            return wanted == found ? nil : "\(ours.label ?? "?"): wanted \(wanted), found \(found)"
        }
    }
}
