// Hibernation: which launches may ask for it, and how a memory that is saved comes to be, is gone on with, and is given up.
// Source: EC2 User Guide, "Hibernate your Amazon EC2 instance"; EC2 API Reference, "StopInstances", "HibernationOptionsRequest".

package import CloudTypes
internal import InstanceTypeCatalogue
internal import NodeContract

//  running ─stop, hibernate─▶ saving ─memory saved, guest gone─▶ saved ─start─▶ (pending) ─guest runs─▶ nil
//                                └─it cannot be saved─▶ nil: the guest shuts down   └─a volume leaves─▶ nil
package enum Hibernation: Sendable, Codable, Equatable {
    /// The guest's memory is to be saved before it goes.
    case saving
    /// The node has the memory of the launch. It is gone on with once at most.
    case saved(launch: Int)
}

extension LaunchOrder {
    /// A spot instance that hibernates when it is taken away is launched for it.
    var hibernates: Bool { attributes.hibernates || spot?.behavior == .hibernate }
}

extension Transaction {
    /// Memory that is more than this is not saved, nor on AWS.
    private static let mostMemoryMiB = 150 << 10

    /// Whether the memory of such a guest could be saved beside its root volume, and in secret.
    ///
    /// - Throws: `UnsupportedHibernationConfiguration`; `UnsupportedOperation` for a guest with an instance store, which this
    ///   cloud's machines cannot save.
    mutating func checkHibernation(
        _ order: LaunchOrder, _ facts: InstanceTypeFacts, _ image: ImageRecord, _ disks: [LaunchDisks.Disk]
    ) throws(EC2Error) {
        guard facts.supportsHibernation, !facts.isBareMetal, facts.memoryMiB < Transaction.mostMemoryMiB else {
            throw .unsupportedHibernation("Instance type '\(facts.name)' does not support hibernation.")
        }
        let root = disks.first { $0.deviceName == image.rootDeviceName }
        guard image.rootDeviceType == .ebs, let root else {
            throw .unsupportedHibernation("Hibernation needs an image whose root device is an EBS volume.")
        }
        guard ["gp2", "gp3", "io1", "io2"].contains(root.figures.volumeType) else {
            throw .unsupportedHibernation("A root volume of the type '\(root.figures.volumeType)' is not supported.")
        }
        guard try keyID(forVolumeOf: root.snapshot.flatMap { state.snapshots[$0] }, root.encryption) != nil else {
            throw .unsupportedHibernation("The root volume must be encrypted for hibernation.")
        }
        guard root.figures.sizeGiB << 10 >= facts.memoryMiB else {
            throw .unsupportedHibernation(
                "The root volume of \(root.figures.sizeGiB) GiB cannot hold the instance's memory of \(facts.memoryMiB) MiB."
            )
        }
        let hasStore = facts.instanceStore.map {
            $0.isNVMe || !order.blockDevices.allSatisfy { $0.instanceStore == nil }
        }
        guard hasStore != true else {
            throw .unsupported("Instances with instance store volumes do not hibernate in this cloud.")
        }
    }

    /// Asks for the instance to stop with its memory saved.
    package mutating func hibernate(_ id: InstanceID) {
        guard state.instances[id]?.state == .running else { return }
        stop(id, .graceful)
        update(id, InstanceRecord.self) { ($0.hibernation, $0.stateReason) = (.saving, .userHibernation) }
    }

    /// The memory could not be saved: the guest gets its time to shut down from now on.
    package mutating func shutDownInstead(_ id: InstanceID) {
        let now = now
        update(id, InstanceRecord.self) { instance in
            guard instance.hibernation == .saving else { return }
            (instance.hibernation, instance.stateSince) = (nil, now)
        }
    }

    /// The guest is gone and its memory saved.
    package mutating func becomeHibernated(_ id: InstanceID) {
        guard let instance = state.instances[id], instance.hibernation == .saving else { return }
        becomeStopped(id, reason: nil)
        update(id, InstanceRecord.self) { $0.hibernation = .saved(launch: instance.launch) }
    }

    /// The disks are not any more as the memory knows them: the instance boots when it is next started.
    mutating func forgetMemory(of id: InstanceID) {
        guard state.instances[id]?.hibernation != nil else { return }
        update(id, InstanceRecord.self) { $0.hibernation = nil }
    }

    /// - Throws: `UnsupportedOperation`: a memory goes on in a machine like the one that it was saved from.
    func checkTypeChange(ofHibernated instance: InstanceRecord) throws(EC2Error) {
        guard instance.hibernation == nil else {
            throw .unsupported("The type of the hibernated instance '\(instance.id)' cannot be changed.")
        }
    }
}

extension EC2Error {
    static func unsupportedHibernation(_ message: String) -> EC2Error {
        EC2Error("UnsupportedHibernationConfiguration", message)
    }
}
