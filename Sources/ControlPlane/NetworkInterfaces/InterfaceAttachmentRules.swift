// Which interface is attached to which instance. A guest that is up keeps the interfaces it was booted with.
// Source: EC2 API Reference, "AttachNetworkInterface", "DetachNetworkInterface".

package import CloudTypes
internal import InstanceTypeCatalogue

extension Transaction {
    /// Attaches the interface to a stopped instance: its guest finds it when it is next booted.
    ///
    /// - Throws: `…NotFound`, `InvalidNetworkInterface.InUse`, `InvalidParameterCombination` across zones,
    ///   `InvalidParameterValue` for a device index that is taken, `AttachmentLimitExceeded`, `IncorrectInstanceState`,
    ///   `UnsupportedOperation` while a guest is up.
    package mutating func plug(
        _ id: NetworkInterfaceID, into instanceID: InstanceID, deviceIndex: Int
    ) throws(EC2Error) -> NetworkInterfaceAttachmentID {
        let interface: NetworkInterfaceRecord = try owned(id)
        let instance: InstanceRecord = try owned(instanceID)
        guard interface.attachment == nil else {
            throw EC2Error("InvalidNetworkInterface.InUse", "Interface: [\(id)] in use.")
        }
        guard interface.availabilityZone == instance.availabilityZone else {
            throw .invalidParameterCombination(
                "You may not attach a network interface to an instance if they are not in the same availability zone")
        }
        guard interface.vpc == instance.vpc else {
            throw .unsupported(
                "The interface '\(id)' and the instance '\(instanceID)' are in different VPCs, which is not supported by "
                    + "this cloud.")
        }
        try checkPlace(deviceIndex, on: instance)
        try checkUnpowered(instance, "attached to")
        forgetMemory(of: instanceID)
        attachInterface(id, to: instanceID, deviceIndex: deviceIndex, deleteOnTermination: false)
        guard let attachment = state.networkInterfaces[id]?.attachment?.id else { throw .notFound(id) }
        return attachment
    }

    /// Detaches an interface other than the first from a stopped instance.
    ///
    /// - Throws: `InvalidAttachmentID.NotFound`, `OperationNotPermitted` for the primary interface,
    ///   `IncorrectInstanceState`, `UnsupportedOperation` while a guest is up.
    package mutating func unplug(_ id: NetworkInterfaceAttachmentID) throws(EC2Error) {
        let found = state.networkInterfaces.all(of: account).first { $0.attachment?.id == id }
        guard let found, let attachment = found.attachment else { throw .notFound(id) }
        guard attachment.deviceIndex > 0 else {
            throw EC2Error(
                "OperationNotPermitted", "The network interface at device index 0 cannot be detached.")
        }
        try checkUnpowered(owned(attachment.instance), "detached from")
        forgetMemory(of: attachment.instance)
        releasePublicAddress(of: found.id)
        update(found.id) { (interface: inout NetworkInterfaceRecord) in interface.attachment = nil }
    }

    private func checkPlace(_ deviceIndex: Int, on instance: InstanceRecord) throws(EC2Error) {
        let present = state.networkInterfaces.all(where: IndexKey(.instance, instance.id))
        guard (0...31).contains(deviceIndex) else {
            throw .invalidParameterValue(
                name: "deviceIndex", value: "\(deviceIndex)", reason: "The value must be between 0 and 31.")
        }
        guard !present.contains(where: { $0.attachment?.deviceIndex == deviceIndex }) else {
            throw .invalidParameterValue(
                "Instance '\(instance.id)' already has an interface attached at device index '\(deviceIndex)'.")
        }
        let facts = try instanceTypeFacts(instance.instanceType, for: nil)
        guard present.count < facts.network.interfaces else {
            throw EC2Error(
                "AttachmentLimitExceeded", "Interface count \(present.count + 1) exceeds the limit for \(facts.name)")
        }
    }

    private func checkUnpowered(_ instance: InstanceRecord, _ verb: String) throws(EC2Error) {
        switch instance.state {
        case .stopped: return
        case .running:
            throw .unsupported(
                "Interfaces can be \(verb) stopped instances only on this cloud: stop the instance first.")
        case .pending, .stopping, .shuttingDown, .terminated:
            throw EC2Error(
                "IncorrectInstanceState",
                "The instance '\(instance.id)' is not in a state from which an interface can be \(verb) it.")
        }
    }
}
