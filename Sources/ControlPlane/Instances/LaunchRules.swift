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
        try checkRootDevice(of: image, facts)
        let publicKey = try publicKey(named: order.keyName, for: image)
        let placement = try LaunchPlacement(order, in: self)
        try check(order, facts)
        try checkTokens(order.metadataOptions.options(of: image, metadataDefaults))
        if let wish = order.spot { try checkPrice(wish, facts) }
        let share = HostShare(
            vCPUs: vCPUs(cores: order.attributes.coreCount, threads: order.attributes.threadsPerCore, facts),
            memoryMiB: facts.memoryMiB, devices: facts.devices)
        let zone = placement.subnet.availabilityZone
        let tenancy = tenancy(of: order, in: placement.subnet.vpc)
        try check(tenancy, facts)
        var group = try groupRoom(order, facts, tenancy, zone: zone)
        let wish = ReservationWish(
            preference: order.spot == nil ? order.attributes.capacityReservationPreference : "none",
            target: order.attributes.capacityReservationTarget)
        var slots = try reservationSlots(
            wish, slot(facts.name, image: image, zone: zone, tenancy), fewest: order.counts.lowerBound)
        let count = try min(
            acceptedCount(order, facts, share, slots), placement.room(for: order, in: state),
            group?.most ?? .max)
        let stores = try LaunchDisks.instanceStore(order.blockDevices, image: image, facts)
        let disks = try LaunchDisks(order.blockDevices, image: image, for: account, in: state).disks
        guard disks.count <= facts.ebs.attachments else {
            throw EC2Error("AttachmentLimitExceeded", "Volume count \(disks.count) exceeds the limit for \(facts.name)")
        }
        if order.hibernates { try checkHibernation(order, facts, image, disks) }
        try checkProtection(order, image)
        let reservation: ReservationID = newID()
        var instances: [InstanceID] = []
        for index in 0..<count {
            var instance = InstanceRecord(
                id: newID(), account: account, reservation: reservation, launchIndex: index, image: image.id,
                instanceType: facts.name, architecture: image.architecture,
                vCPUs: share.vCPUs, memoryMiB: share.memoryMiB, vpc: placement.subnet.vpc, subnet: placement.subnet.id,
                availabilityZone: placement.subnet.availabilityZone, rootDeviceName: image.rootDeviceName, now: now)
            apply(order, facts, image, to: &instance)
            (instance.tenancy, instance.groupPlace) = (tenancy, group?.takePlace())
            instance.capacityReservation = slots.take()
            (instance.keyName, instance.publicKey) = (order.keyName, publicKey)
            instance.instanceStoreDevices = stores.isEmpty ? nil : stores
            instance.spot = beginSpot(order, instance.id)
            put(instance)
            try makeInterfaces(of: instance.id, order, placement)
            try makeVolumes(of: instance, disks, tags: order.volumeTags)
            instances.append(instance.id)
        }
        if order.spot == nil { reclaimRoom(for: instances) }
        update(image.id, ImageRecord.self) { [now] in $0.lastLaunchedAt = now }
        return Launch(reservation: reservation, instances: instances.compactMap { state.instances[$0] })
    }

    /// Windows decrypts its password with the key, which only RSA can.
    private func publicKey(named name: String?, for image: ImageRecord) throws(EC2Error) -> String? {
        guard let name else { return nil }
        guard let key = state.keyPairs.first(where: IndexKey(.name, text: "\(account)/\(name)")) else {
            throw EC2Error("InvalidKeyPair.NotFound", "The key pair '\(name)' does not exist")
        }
        if key.keyType == .ed25519, image.platform == "windows" {
            throw .invalidParameterCombination("ED25519 key pairs are not supported with Windows AMIs.")
        }
        return key.publicKey
    }

    /// A VPC that is dedicated makes all that is launched into it so.
    private func tenancy(of order: LaunchOrder, in vpc: VPCID) -> Tenancy {
        state.vpcs[vpc]?.tenancy == .dedicated ? .dedicated : order.tenancy
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
        let subnet = state.subnets[instance.subnet]
        instance.hostNameType = wanted.hostNames.type ?? subnet?.hostNameType ?? instance.hostNameType
        instance.resourceNameDNSA = wanted.hostNames.answersForResourceName ?? subnet?.resourceNameDNSA ?? false
        instance.hibernates = order.hibernates
        instance.capacityReservationPreference = wanted.capacityReservationPreference
        instance.capacityReservationTarget = wanted.capacityReservationTarget
        instance.bootMode = bootMode(image, facts)
        instance.stateReason = .pending
        if facts.isBurstable {
            instance.creditSpecification =
                wanted.creditSpecification ?? defaultCreditSpecification(ofFamily: facts.family)
        }
        instance.metadataOptions = order.metadataOptions.options(of: image, metadataDefaults)
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
            let isOnly = order.interfaces.count == 1 && wish.existing == nil
            guard wish.wantsPublicAddress ?? (isOnly && subnet.mapsPublicAddress) else { continue }
            update(made.id, NetworkInterfaceRecord.self) { $0.wantsPublicAddress = true }
            try assignPublicAddress(to: made.id)
        }
    }

    private mutating func makeVolumes(
        of instance: InstanceRecord, _ disks: [LaunchDisks.Disk], tags: [String: String]
    ) throws(EC2Error) {
        for disk in disks {
            try checkQuota(for: disk.figures)
            let snapshot = disk.snapshot.flatMap { state.snapshots[$0] }
            var volume = VolumeRecord(
                id: newID(), account: account, availabilityZone: instance.availabilityZone,
                sizeGiB: disk.figures.sizeGiB, volumeType: disk.figures.volumeType, snapshot: disk.snapshot,
                createdAt: now)
            (volume.iops, volume.throughput, volume.tags) = (disk.figures.iops, disk.figures.throughput, tags)
            volume.keyID = try keyID(forVolumeOf: snapshot, disk.encryption)
            volume.begin(with: snapshot)
            restoreFast(&volume, from: snapshot)
            volume.attachments = [
                VolumeRecord.Attachment(
                    instance: instance.id, deviceName: disk.deviceName, state: .attaching, attachedAt: now,
                    deleteOnTermination: disk.deleteOnTermination)
            ]
            put(volume)
        }
    }
}

extension LaunchOrder.MetadataWish {
    /// What the launch says, else the account, else the image, else AWS's default: an image made for IMDSv2 asks for tokens.
    fileprivate func options(of image: ImageRecord, _ defaults: MetadataDefaults) -> InstanceMetadata.Options {
        let isForTokens = image.imdsSupport == "v2.0"
        var options = InstanceMetadata.Options()
        options.isEnabled = isEnabled ?? defaults.isEnabled ?? true
        options.requiresToken = requiresToken ?? defaults.requiresToken ?? isForTokens
        options.hopLimit = hopLimit ?? defaults.hopLimit ?? (isForTokens ? 2 : 1)
        options.showsTags = showsTags ?? defaults.showsTags ?? false
        return options
    }
}
