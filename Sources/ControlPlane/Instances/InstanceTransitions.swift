// How an instance's records change from state to state: what start, stop, reboot and terminate ask for, and what the
// world's answer brings with it for volumes, interfaces and addresses.

package import CloudTypes

extension Transaction {
    /// Asks for the instance to stop. One that stops or has stopped stays as it is.
    package mutating func stop(_ id: InstanceID, _ shutdown: InstanceRecord.Shutdown) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            if instance.state == .running {
                instance.move(to: .stopping, at: now)
                instance.wanted = .stopped
                instance.stateReason = .userShutdown
                instance.transitionReason = "User initiated (\(now.reasonText))"
            }
            if instance.state == .stopping, instance.shutdown.patienceRank < shutdown.patienceRank {
                // Whoever is in a hurry does not wait for the memory.
                (instance.shutdown, instance.hibernation) = (shutdown, nil)
            }
        }
    }

    /// Asks for a stopped instance to run again, as a new launch.
    ///
    /// - Throws: `VcpuLimitExceeded`; `InsufficientInstanceCapacity` where the host has no room for it.
    package mutating func start(_ id: InstanceID) throws(EC2Error) {
        guard let instance = state.instances[id], instance.state == .stopped else { return }
        let share = instance.share
        let facts = try instanceTypeFacts(instance.instanceType, for: nil)
        _ = try vCPUQuotaRoom(for: facts, vCPUs: share.vCPUs, atLeast: 1)
        var slots = try reservationSlots(instance.reservationWish, slot(of: instance), fewest: 1)
        try checkRoom(for: facts, share, slots, reclaiming: instance.spot == nil)
        try checkRackRoom(of: instance, facts)
        let reservation = slots.take()
        let now = now
        update(id, InstanceRecord.self) { instance in
            instance.move(to: .pending, at: now)
            instance.wanted = .running
            instance.shutdown = .graceful
            instance.launch += 1
            instance.launchTime = now
            instance.spot?.interruption = nil
            instance.stateReason = nil
            instance.transitionReason = ""
            instance.rebootsDone = instance.rebootsWanted
            instance.capacityReservation = reservation
        }
        callOffEvents(of: id)
        if instance.spot == nil { reclaimRoom(for: [id]) }
        if let interface = primaryInterface(of: id) { restorePublicAddress(of: interface.id) }
    }

    /// Asks for a reboot; a guest that is not running takes none.
    package mutating func reboot(_ id: InstanceID) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            guard instance.state == .running else { return }
            instance.rebootsWanted += 1
            instance.rebootSince = now
        }
    }

    /// Asks for the instance to be gone for good.
    package mutating func terminate(_ id: InstanceID, _ shutdown: InstanceRecord.Shutdown) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            guard instance.state != .terminated else { return }
            if instance.state != .shuttingDown {
                instance.wasStopped = instance.state == .stopped ? true : nil
                instance.move(to: .shuttingDown, at: now)
                instance.wanted = .terminated
                (instance.shutdown, instance.hibernation) = (.graceful, nil)
                instance.stateReason = .userShutdown
                instance.transitionReason = "User initiated (\(now.reasonText))"
            }
            if instance.shutdown.patienceRank < shutdown.patienceRank { instance.shutdown = shutdown }
        }
    }

    /// The guest of the launch runs, and so its disks exist.
    package mutating func becomeRunning(_ id: InstanceID) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            instance.move(to: .running, at: now)
            (instance.stateReason, instance.hibernation) = (nil, nil)
        }
        for volume in state.volumes.all(where: IndexKey(.instance, id)) {
            update(volume.id, VolumeRecord.self) { volume in
                if volume.state == .creating { volume.isRealised = true }
                volume.state = .inUse
                for place in volume.attachments.indices where volume.attachments[place].instance == id {
                    volume.attachments[place].state = .attached
                }
            }
        }
        for interface in state.networkInterfaces.all(where: IndexKey(.instance, id)) {
            guard interface.attachment?.status != "attached" else { continue }
            update(interface.id, NetworkInterfaceRecord.self) { $0.attachment?.status = "attached" }
        }
    }

    /// The guest is gone and the instance keeps its disks and interfaces.
    package mutating func becomeStopped(_ id: InstanceID, reason: InstanceStateReason?) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            instance.move(to: .stopped, at: now)
            instance.wanted = .stopped
            (instance.capacityReservation, instance.waitsForRoom, instance.hibernation) = (nil, nil, nil)
            if let reason {
                instance.stateReason = reason
                instance.transitionReason = reason == .instanceShutdown ? "" : "Server initiated (\(now.reasonText))"
            }
        }
        settleAttachments(of: id)
        admitWaiting()
        for interface in state.networkInterfaces.all(where: IndexKey(.instance, id)) {
            releasePublicAddress(of: interface.id)
        }
    }

    /// The guest is gone for good: volumes and interfaces go or stay as their attachments say.
    package mutating func becomeTerminated(_ id: InstanceID, reason: InstanceStateReason?) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            instance.move(to: .terminated, at: now)
            instance.wanted = .terminated
            instance.capacityReservation = nil
            instance.tags = [:]
            if let reason { instance.stateReason = reason }
        }
        if state.statusChecks[id] != nil { delete(id, StatusChecks.self) }
        forgetTarget(id)
        for volume in state.volumes.all(where: IndexKey(.instance, id)) { letGo(volume, of: id) }
        for interface in state.networkInterfaces.all(where: IndexKey(.instance, id)) { letGo(interface) }
        admitWaiting()
    }

    /// The operator took the host down: every guest is gone, and what was on its way to an end has ended.
    package mutating func noteHostDown() {
        for instance in state.instances.all {
            switch instance.state {
            case .pending, .running, .stopping: becomeStopped(instance.id, reason: .hostDown)
            case .shuttingDown: becomeTerminated(instance.id, reason: nil)
            case .stopped, .terminated: break
            }
        }
    }

    /// The interface with device index 0.
    package func primaryInterface(of id: InstanceID) -> NetworkInterfaceRecord? {
        state.networkInterfaces.all(where: IndexKey(.instance, id)).first { $0.attachment?.deviceIndex == 0 }
    }

    private mutating func letGo(_ volume: VolumeRecord, of id: InstanceID) {
        update(volume.id, VolumeRecord.self) { volume in
            let dies = volume.attachments.contains { $0.instance == id && $0.deleteOnTermination }
            volume.attachments.removeAll { $0.instance == id }
            guard volume.attachments.isEmpty else { return }
            if dies {
                volume.state = .deleting
            } else if volume.state == .inUse {
                volume.state = .available
            }
        }
    }

    private mutating func letGo(_ interface: NetworkInterfaceRecord) {
        releasePublicAddress(of: interface.id)
        guard interface.attachment?.deleteOnTermination != false else {
            return update(interface.id, NetworkInterfaceRecord.self) { $0.attachment = nil }
        }
        for address in state.addresses.all(where: IndexKey(.interface, interface.id)) {
            update(address.id, AddressRecord.self) { $0.association = nil }
        }
        delete(interface.id, NetworkInterfaceRecord.self)
    }
}

extension InstanceRecord {
    mutating func move(to state: InstanceState, at now: Timestamp) {
        (self.state, pause) = (state, nil)
        stateSince = now
    }
}

extension InstanceRecord.Shutdown {
    /// A more impatient wish replaces a more patient one, never the other way round.
    var patienceRank: Int {
        switch self {
        case .graceful: 0
        case .forced: 1
        case .powerCut: 2
        }
    }
}

extension Timestamp {
    /// As EC2 prints moments in transition reasons: `2026-11-23 08:15:00 GMT`.
    var reasonText: String {
        let text = description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) GMT"
    }
}
