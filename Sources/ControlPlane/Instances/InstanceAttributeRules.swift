// What may be changed of an instance that exists, and when.
// Source: EC2 API Reference, "ModifyInstanceAttribute"; EC2 User Guide, "Change the instance type".

package import CloudTypes
internal import InstanceTypeCatalogue
package import NodeContract

/// One attribute as a caller wants it.
package enum InstanceAttributeChange: Sendable {
    case instanceType(String)
    case userData([UInt8]?)
    case disableAPITermination(Bool)
    case disableAPIStop(Bool)
    case shutdownBehavior(InstanceRecord.ShutdownBehavior)
    case ebsOptimized(Bool)
    case sourceDestinationCheck(Bool)
    case groups([SecurityGroupID])
    case mappings([Mapping])

    /// What becomes of the volume at the device when the instance is terminated.
    package struct Mapping: Sendable {
        package var deviceName: String
        /// nil: whichever is there.
        package var volume: VolumeID?
        package var deleteOnTermination: Bool
        package init(deviceName: String, volume: VolumeID?, deleteOnTermination: Bool) {
            (self.deviceName, self.volume) = (deviceName, volume)
            self.deleteOnTermination = deleteOnTermination
        }
    }

    /// Whether it follows from how the guest is built or begins, and so must wait until there is none.
    fileprivate var needsStoppedInstance: Bool {
        switch self {
        case .instanceType, .userData, .ebsOptimized: true
        case .disableAPITermination, .disableAPIStop, .shutdownBehavior, .sourceDestinationCheck, .groups, .mappings:
            false
        }
    }
}

extension Transaction {
    /// - Throws: `InvalidInstanceID.NotFound`, `IncorrectInstanceState`, `InvalidInstanceAttributeValue`,
    ///   `InvalidInstanceID`, `UnsupportedOperation`, and what is wrong with a type or a group.
    package mutating func change(_ id: InstanceID, by change: InstanceAttributeChange) throws(EC2Error) {
        let instance: InstanceRecord = try owned(id)
        try checkChangeable(instance)
        try checkChange(change, of: instance)
        if change.needsStoppedInstance { try checkStopped(instance) }
        switch change {
        case .instanceType(let name):
            try checkTypeChange(ofHibernated: instance)
            try checkTypeChange(ofSpot: instance)
            try setType(of: instance, to: name)
        case .userData(let bytes): update(id) { (instance: inout InstanceRecord) in instance.userData = bytes }
        case .disableAPITermination(let value):
            update(id) { (instance: inout InstanceRecord) in instance.disableAPITermination = value }
        case .disableAPIStop(let value):
            update(id) { (instance: inout InstanceRecord) in instance.disableAPIStop = value }
        case .shutdownBehavior(let value):
            update(id) { (instance: inout InstanceRecord) in instance.shutdownBehavior = value }
        case .ebsOptimized(let value): try setOptimization(of: instance, to: value)
        case .sourceDestinationCheck(let value):
            let interface = try onlyInterface(of: id)
            update(interface.id) { (interface: inout NetworkInterfaceRecord) in
                interface.sourceDestinationCheck = value
            }
        case .groups(let groups): try setGroups(groups, of: onlyInterface(of: id).id)
        case .mappings(let mappings): for mapping in mappings { try setDeletion(mapping, of: id) }
        }
    }

    /// - Throws: `InvalidInstanceID.NotFound`, `IncorrectInstanceState`.
    package mutating func setMetadataOptions(
        of id: InstanceID, _ change: (inout InstanceMetadata.Options) -> Void
    ) throws(EC2Error) {
        let instance: InstanceRecord = try owned(id)
        try checkChangeable(instance)
        var options = instance.metadataOptions
        change(&options)
        if options.requiresToken != instance.metadataOptions.requiresToken { try checkTokens(options) }
        update(id) { (instance: inout InstanceRecord) in instance.metadataOptions = options }
    }

    /// Turns detailed monitoring on or off.
    package mutating func setMonitoring(of ids: [InstanceID], _ isDetailed: Bool) throws(EC2Error) {
        for id in ids {
            try checkChangeable(owned(id))
            update(id) { (instance: inout InstanceRecord) in instance.monitoring = isDetailed }
        }
    }

    /// - Parameter credits: `standard` or `unlimited`.
    /// - Throws: `InvalidInstanceID.NotFound`, `IncorrectInstanceState`; `UnsupportedOperation` for a type without
    ///   CPU credits.
    package mutating func setCredits(of id: InstanceID, to credits: String) throws(EC2Error) {
        let instance: InstanceRecord = try owned(id)
        try checkChangeable(instance)
        guard instance.creditSpecification != nil else {
            throw .unsupported("The instance '\(id)' is not a burstable performance instance.")
        }
        update(id) { (instance: inout InstanceRecord) in instance.creditSpecification = credits }
    }

    /// - Throws: `InvalidInstanceID.NotFound`, `IncorrectInstanceState`.
    package mutating func setMaintenance(
        of id: InstanceID, autoRecovery: String?, rebootMigration: String?
    ) throws(EC2Error) {
        try checkChangeable(owned(id))
        update(id) { (instance: inout InstanceRecord) in
            if let autoRecovery { instance.autoRecovery = autoRecovery }
            if let rebootMigration { instance.rebootMigration = rebootMigration }
        }
    }

    /// - Parameter preference: `open` or `none`.
    /// - Throws: `InvalidInstanceID.NotFound`, `IncorrectInstanceState` unless it is stopped.
    package mutating func setReservations(
        of id: InstanceID, preference: String?, target: CapacityReservationID?
    ) throws(EC2Error) {
        try checkStopped(owned(id))
        update(id) { (instance: inout InstanceRecord) in
            instance.capacityReservationPreference = preference ?? "open"
            instance.capacityReservationTarget = target
        }
    }

    /// The interface that an instance's own group and check attributes mean.
    ///
    /// - Throws: `InvalidInstanceID` where there are several, `IncorrectInstanceState` where it is gone.
    package func onlyInterface(of id: InstanceID) throws(EC2Error) -> NetworkInterfaceRecord {
        let interfaces = state.networkInterfaces.all(where: IndexKey(.instance, id))
        guard !interfaces.isEmpty else {
            throw EC2Error("IncorrectInstanceState", "The instance '\(id)' has no network interface any more.")
        }
        guard interfaces.count == 1 else {
            throw EC2Error(
                "InvalidInstanceID",
                "There are multiple interfaces attached to instance '\(id)'. Please specify an interface ID for the "
                    + "operation instead.")
        }
        return interfaces[0]
    }

    func checkStopped(_ instance: InstanceRecord) throws(EC2Error) {
        guard instance.state == .stopped else {
            throw EC2Error("IncorrectInstanceState", "The instance '\(instance.id)' is not in the 'stopped' state.")
        }
    }

    func checkChangeable(_ instance: InstanceRecord) throws(EC2Error) {
        switch instance.state {
        case .pending, .running, .stopping, .stopped: return
        case .shuttingDown, .terminated: throw .incorrectInstanceState(instance.id, "modified")
        }
    }

    /// The processor options of the old type fall away; credits stay as they were where the new type has them.
    private mutating func setType(of instance: InstanceRecord, to name: String) throws(EC2Error) {
        guard InstanceTypeCatalogue.facts(of: name) != nil else {
            throw EC2Error("InvalidInstanceAttributeValue", "Invalid value '\(name)' for InstanceType.")
        }
        let image = state.images[instance.image]
        let facts = try instanceTypeFacts(name, for: image)
        let interfaces = state.networkInterfaces.count(where: IndexKey(.instance, instance.id))
        guard interfaces <= facts.network.interfaces else {
            throw EC2Error(
                "AttachmentLimitExceeded", "Interface count \(interfaces) exceeds the limit for \(facts.name)")
        }
        let volumes = state.volumes.count(where: IndexKey(.instance, instance.id))
        guard volumes <= facts.ebs.attachments else {
            throw EC2Error("AttachmentLimitExceeded", "Volume count \(volumes) exceeds the limit for \(facts.name)")
        }
        try checkOptimization(instance.isEBSOptimized, facts)
        try check(instance.tenancy, facts)
        let bootMode = image.map { self.bootMode($0, facts) } ?? instance.bootMode
        let credits =
            facts.isBurstable ? instance.creditSpecification ?? defaultCreditSpecification(ofFamily: facts.family) : nil
        update(instance.id) { (instance: inout InstanceRecord) in
            instance.instanceType = name
            (instance.coreCount, instance.threadsPerCore) = (nil, nil)
            (instance.vCPUs, instance.memoryMiB) = (facts.vCPUs, facts.memoryMiB)
            instance.bootMode = bootMode
            instance.creditSpecification = credits
        }
    }

    private mutating func setOptimization(of instance: InstanceRecord, to value: Bool) throws(EC2Error) {
        try checkOptimization(value, instanceTypeFacts(instance.instanceType, for: nil))
        update(instance.id) { (instance: inout InstanceRecord) in instance.isEBSOptimized = value }
    }

    private mutating func setDeletion(
        _ mapping: InstanceAttributeChange.Mapping, of id: InstanceID
    ) throws(EC2Error) {
        for var volume in state.volumes.all(where: IndexKey(.instance, id)) {
            let place = volume.attachments.firstIndex {
                $0.instance == id && $0.deviceName == mapping.deviceName
                    && mapping.volume.map { $0 == volume.id } ?? true
            }
            guard let place else { continue }
            volume.attachments[place].deleteOnTermination = mapping.deleteOnTermination
            return put(volume)
        }
        throw EC2Error(
            "InvalidInstanceAttributeValue", "No device is currently mapped at \(mapping.deviceName)")
    }
}
