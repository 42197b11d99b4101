// Launching: everything a new instance needs is decided and written in one transaction, or nothing is.
// Source: EC2 API Reference, "RunInstances".

package import CloudTypes
internal import InstanceTypeCatalogue
internal import NodeContract

extension Transaction {
    /// Accepts as many instances as there is room for, up to the most asked for.
    ///
    /// - Throws: `InsufficientInstanceCapacity` (a server fault) where there is no room for the fewest asked for;
    ///   whatever is wrong with image, type, key, network or disks.
    package mutating func launch(_ order: LaunchOrder) throws(EC2Error) -> Launch {
        let image = try launchableImage(order.image)
        let facts = try instanceTypeFacts(order.instanceType, for: image)
        let publicKey = try publicKey(named: order.keyName)
        let placement = try LaunchPlacement(order, in: self)
        try checkAttributes(order.attributes, facts)
        let count = try acceptedCount(order.counts, facts)
        let disks = try LaunchDisks(order.blockDevices, image: image, in: state).disks
        let reservation: ReservationID = newID()
        var instances: [InstanceID] = []
        for index in 0..<count {
            var instance = InstanceRecord(
                id: newID(), account: account, reservation: reservation, launchIndex: index, image: image.id,
                instanceType: facts.name, architecture: image.architecture, vCPUs: vCPUs(order.attributes, facts),
                memoryMiB: facts.memoryMiB, vpc: placement.subnet.vpc, subnet: placement.subnet.id,
                availabilityZone: placement.subnet.availabilityZone, rootDeviceName: image.rootDeviceName, now: now)
            apply(order, facts, image, to: &instance)
            (instance.keyName, instance.publicKey) = (order.keyName, publicKey)
            put(instance)
            try makeInterfaces(of: instance.id, order, placement)
            makeVolumes(of: instance, disks, tags: order.volumeTags)
            instances.append(instance.id)
        }
        update(image.id, ImageRecord.self) { [now] in $0.lastLaunchedAt = now }
        return Launch(reservation: reservation, instances: instances.compactMap { state.instances[$0] })
    }

    /// Memory of the host that running and starting instances of all accounts have taken, in MiB.
    package var takenMemoryMiB: Int { state.takenMemoryMiB }

    private func instanceTypeFacts(
        _ name: String, for image: ImageRecord
    ) throws(EC2Error) -> InstanceTypeFacts {
        guard let facts = InstanceTypeCatalogue.facts(of: name) else {
            throw .invalidParameterValue("Invalid value '\(name)' for InstanceType.")
        }
        guard facts.architectures.contains(image.architecture) else {
            let offered = facts.architectures.map(\.rawValue).joined(separator: ",")
            throw .invalidParameterValue(
                "The architecture '\(offered)' of the specified instance type does not match the architecture "
                    + "'\(image.architecture.rawValue)' of the specified AMI. Specify an instance type and an AMI that "
                    + "have matching architectures, and try again.")
        }
        return facts
    }

    private func publicKey(named name: String?) throws(EC2Error) -> String? {
        guard let name else { return nil }
        guard let key = state.keyPairs.first(where: IndexKey(.name, "\(account)/\(name)")) else {
            throw EC2Error("InvalidKeyPair.NotFound", "The key pair '\(name)' does not exist")
        }
        return key.publicKey
    }

    private func checkAttributes(_ attributes: LaunchOrder.Attributes, _ facts: InstanceTypeFacts) throws(EC2Error) {
        if attributes.creditSpecification != nil, !facts.isBurstable {
            throw .invalidParameterCombination(
                "The instance type \(facts.name) does not support CreditSpecification.")
        }
        if let cores = attributes.coreCount, !facts.validCores.isEmpty, !facts.validCores.contains(cores) {
            throw .invalidParameterValue("CoreCount: \(cores) is not valid for instance type \(facts.name).")
        }
        if let threads = attributes.threadsPerCore, !facts.validThreadsPerCore.isEmpty,
            !facts.validThreadsPerCore.contains(threads)
        {
            throw .invalidParameterValue("ThreadsPerCore: \(threads) is not valid for instance type \(facts.name).")
        }
    }

    private func vCPUs(_ attributes: LaunchOrder.Attributes, _ facts: InstanceTypeFacts) -> Int {
        guard attributes.coreCount != nil || attributes.threadsPerCore != nil else { return facts.vCPUs }
        return (attributes.coreCount ?? facts.cores) * (attributes.threadsPerCore ?? facts.threadsPerCore)
    }

    /// How many of the instances asked for find room on the host.
    private func acceptedCount(_ counts: ClosedRange<Int>, _ facts: InstanceTypeFacts) throws(EC2Error) -> Int {
        let own = state.instances.count(where: IndexKey(.account, account))
        guard own + counts.lowerBound <= settings.quotas.instances else {
            throw EC2Error(
                "InstanceLimitExceeded",
                "You have requested more instances than your current instance limit of \(settings.quotas.instances) allows.")
        }
        let runs = !facts.isBareMetal && facts.architectures.contains { settings.capabilities.architectures.contains($0) }
        let free = settings.capabilities.memoryMiB - takenMemoryMiB
        let room = runs ? max(0, free) / max(1, facts.memoryMiB) : 0
        guard room >= counts.lowerBound else {
            throw EC2Error(
                "InsufficientInstanceCapacity",
                "We currently do not have sufficient \(facts.name) capacity in the Availability Zone you requested. "
                    + "Our system will be working on provisioning additional capacity.", httpStatus: 500)
        }
        return min(counts.upperBound, room, settings.quotas.instances - own)
    }

    private func apply(
        _ order: LaunchOrder, _ facts: InstanceTypeFacts, _ image: ImageRecord, to instance: inout InstanceRecord
    ) {
        let wanted = order.attributes
        instance.tags = order.instanceTags
        instance.userData = order.userData
        instance.clientToken = order.clientToken
        instance.disableAPITermination = wanted.disableAPITermination
        instance.disableAPIStop = wanted.disableAPIStop
        instance.shutdownBehavior = wanted.shutdownBehavior
        instance.isEBSOptimized = wanted.isEBSOptimized
        instance.monitoring = wanted.monitoring
        instance.coreCount = wanted.coreCount
        instance.threadsPerCore = wanted.threadsPerCore
        instance.autoRecovery = wanted.autoRecovery
        instance.bootMode = image.bootMode
        instance.stateReason = .pending
        if facts.isBurstable {
            instance.creditSpecification =
                wanted.creditSpecification ?? (facts.name.hasPrefix("t2.") ? "standard" : "unlimited")
        }
        if let subnet = state.subnets[instance.subnet] {
            instance.hostNameType = wanted.hostNameType ?? subnet.hostNameType
            instance.resourceNameDNSA = wanted.resourceNameDNSA ?? subnet.resourceNameDNSA
        }
        let wish = order.metadataOptions
        instance.metadataOptions.isEnabled = wish.isEnabled ?? true
        instance.metadataOptions.requiresToken = wish.requiresToken ?? true
        instance.metadataOptions.hopLimit = wish.hopLimit ?? 2
        instance.metadataOptions.showsTags = wish.showsTags ?? false
        instance.hasMetadataIPv6 = wish.hasIPv6 ?? false
    }

    private mutating func makeInterfaces(
        of instance: InstanceID, _ order: LaunchOrder, _ placement: LaunchPlacement
    ) throws(EC2Error) {
        for (wish, subnet) in zip(order.interfaces, placement.subnets) {
            let made: NetworkInterfaceRecord
            if let existing = wish.existing {
                made = try owned(existing)
                guard made.attachment == nil else {
                    throw EC2Error(
                        "InvalidNetworkInterface.InUse", "Interface: [\(existing)] in use.")
                }
            } else {
                let groups = try placement.groups(of: wish, in: self)
                made = try createInterface(
                    in: subnet, privateAddress: wish.privateAddress, groups: groups, description: wish.description,
                    tags: order.interfaceTags)
            }
            attachInterface(
                made.id, to: instance, deviceIndex: wish.deviceIndex,
                deleteOnTermination: wish.deleteOnTermination ?? (wish.existing == nil))
            guard wish.deviceIndex == 0, wish.wantsPublicAddress ?? (wish.existing == nil && subnet.mapsPublicAddress)
            else { continue }
            update(made.id, NetworkInterfaceRecord.self) { $0.wantsPublicAddress = true }
            try assignPublicAddress(to: made.id)
        }
    }

    private mutating func makeVolumes(
        of instance: InstanceRecord, _ disks: [LaunchDisks.Disk], tags: [String: String]
    ) {
        for disk in disks {
            var volume = VolumeRecord(
                id: newID(), account: account, availabilityZone: instance.availabilityZone,
                sizeGiB: disk.figures.sizeGiB, volumeType: disk.figures.volumeType, snapshot: disk.snapshot,
                createdAt: now)
            (volume.iops, volume.throughput, volume.tags) = (disk.figures.iops, disk.figures.throughput, tags)
            volume.attachments = [
                VolumeRecord.Attachment(
                    instance: instance.id, deviceName: disk.deviceName, state: .attaching, attachedAt: now,
                    deleteOnTermination: disk.deleteOnTermination)
            ]
            put(volume)
        }
    }
}

extension CloudState {
    /// Memory that guests which run or are about to have taken, in MiB.
    var takenMemoryMiB: Int {
        instances.all.reduce(0) { sum, instance in
            switch instance.state {
            case .pending, .running, .stopping, .shuttingDown: sum + instance.memoryMiB
            case .stopped, .terminated: sum
            }
        }
    }
}
