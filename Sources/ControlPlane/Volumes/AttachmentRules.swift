// Which volume is attached to which instance, and how attachments come and go while guests run.
// Source: EC2 API Reference, "AttachVolume", "DetachVolume".

package import CloudTypes
internal import InstanceTypeCatalogue
internal import NodeContract

extension Transaction {
    /// Attaches the volume: a guest that runs gets it at once, one that is stopped finds it when it is next booted.
    ///
    /// - Throws: `…NotFound`, `InvalidVolume.ZoneMismatch`, `VolumeInUse`, `IncorrectState`, `InvalidParameterValue`,
    ///   `AttachmentLimitExceeded`, `UnsupportedOperation`.
    package mutating func attach(
        _ id: VolumeID, to instanceID: InstanceID, deviceName: String
    ) throws(EC2Error) -> VolumeRecord.Attachment {
        let volume: VolumeRecord = try owned(id)
        let instance: InstanceRecord = try owned(instanceID)
        try DeviceNames.check(deviceName)
        guard volume.availabilityZone == instance.availabilityZone else {
            throw EC2Error(
                "InvalidVolume.ZoneMismatch",
                "The volume '\(id)' is not in the same availability zone as instance '\(instanceID)'")
        }
        try checkAttachable(volume, to: instance, as: deviceName)
        var attachment = VolumeRecord.Attachment(
            instance: instanceID, deviceName: deviceName, state: .attached, attachedAt: now,
            deleteOnTermination: false)
        switch instance.state {
        case .stopped: forgetMemory(of: instanceID)
        case .running: (attachment.state, attachment.pluggedLaunch) = (.attaching, instance.launch)
        case .pending, .stopping, .shuttingDown, .terminated:
            throw EC2Error("IncorrectState", "Instance '\(instanceID)' is not 'running'.")
        }
        try checkPlace(deviceName, on: instance)
        update(id) { (volume: inout VolumeRecord) in
            volume.attachments.append(attachment)
            volume.state = .inUse
        }
        return attachment
    }

    /// Detaches the volume: at once from a stopped instance; a guest that runs is asked to let go, or, where forced,
    /// the volume is taken from it.
    ///
    /// - Parameters: instanceID, deviceName: nil: whatever it is attached to; of one that several may have the instance is
    ///   named.
    /// - Returns: the attachment as it was.
    /// - Throws: `…NotFound`, `IncorrectState`, `InvalidAttachment.NotFound`, `OperationNotPermitted`,
    ///   `MissingParameter`.
    package mutating func detach(
        _ id: VolumeID, from instanceID: InstanceID?, deviceName: String?, force: Bool = false
    ) throws(EC2Error) -> VolumeRecord.Attachment {
        let volume: VolumeRecord = try owned(id)
        if let instanceID { _ = try owned(instanceID, InstanceRecord.self) }
        guard !volume.attachments.isEmpty else {
            throw EC2Error("IncorrectState", "Volume '\(id)' is in the '\(volume.state.rawValue)' state.")
        }
        guard instanceID != nil || !volume.multiAttach else {
            throw .missingParameter("instanceId")
        }
        let place = volume.attachments.firstIndex { attachment in
            (instanceID ?? attachment.instance) == attachment.instance
                && (deviceName ?? attachment.deviceName) == attachment.deviceName
        }
        guard let place, let instance = state.instances[volume.attachments[place].instance] else {
            throw EC2Error(
                "InvalidAttachment.NotFound",
                "The volume '\(id)' is not attached to instance '\(instanceID.map { "\($0)" } ?? "")' as device "
                    + "'\(deviceName ?? "")'.")
        }
        let attachment = volume.attachments[place]
        try checkDetachable(attachment, of: volume, instance)
        guard instance.state == .running else {
            forgetMemory(of: instance.id)
            release(id, from: instance.id)
            return attachment
        }
        let now = now
        update(id) { (volume: inout VolumeRecord) in
            if attachment.state != .busy { volume.attachments[place].state = .detaching }
            volume.attachments[place].detachingSince = attachment.detachingSince ?? now
            if force { volume.attachments[place].isForced = true }
        }
        return attachment
    }

    /// The instance has the volume no more.
    mutating func release(_ id: VolumeID, from instance: InstanceID) {
        update(id) { (volume: inout VolumeRecord) in
            volume.attachments.removeAll { $0.instance == instance }
            guard volume.attachments.isEmpty, volume.state == .inUse else { return }
            volume.state = volume.isLost == true ? .error : .available
        }
    }

    /// The instance's guest is gone: what was on its way to it is there when it is next booted, what was on its way
    /// from it has left.
    mutating func settleAttachments(of instance: InstanceID) {
        for volume in state.volumes.all(where: IndexKey(.instance, instance)) {
            for attachment in volume.attachments where attachment.instance == instance {
                switch attachment.state {
                case .attached, .detached: break
                case .detaching, .busy: release(volume.id, from: instance)
                case .attaching:
                    update(volume.id) { (volume: inout VolumeRecord) in
                        for place in volume.attachments.indices where volume.attachments[place] == attachment {
                            volume.attachments[place].state = .attached
                        }
                    }
                }
            }
        }
    }

    private func checkAttachable(
        _ volume: VolumeRecord, to instance: InstanceRecord, as deviceName: String
    ) throws(EC2Error) {
        if volume.multiAttach {
            let facts = try instanceTypeFacts(instance.instanceType, for: nil)
            try MultiAttach.checkAttachable(volume, to: instance, as: deviceName, facts)
        } else if !volume.attachments.isEmpty {
            throw EC2Error("VolumeInUse", "\(volume.id) is already attached to an instance")
        }
        guard volume.state == .available || volume.multiAttach && volume.state == .inUse else {
            throw EC2Error("IncorrectState", "\(volume.id) is not 'available'.")
        }
    }

    private func checkPlace(_ deviceName: String, on instance: InstanceRecord) throws(EC2Error) {
        let attached = state.volumes.all(where: IndexKey(.instance, instance.id))
        let isTaken = attached.contains { volume in
            volume.attachments.contains { $0.instance == instance.id && $0.deviceName == deviceName }
        }
        if isTaken {
            throw .invalidParameterValue(
                "Invalid value '\(deviceName)' for unixDevice. Attachment point \(deviceName) is already in use")
        }
        let facts = try instanceTypeFacts(instance.instanceType, for: nil)
        guard attached.count < facts.ebs.attachments else {
            throw EC2Error(
                "AttachmentLimitExceeded",
                "Volume count \(attached.count + 1) exceeds the limit for \(facts.name)")
        }
        let plugged = attached.flatMap(\.attachments).filter {
            $0.instance == instance.id && $0.pluggedLaunch == instance.launch
        }
        guard instance.state != .running || plugged.count < settings.capabilities.hotPlugSlots else {
            throw EC2Error(
                "AttachmentLimitExceeded",
                "Instance '\(instance.id)' takes no more than \(plugged.count) volumes while it is running: stop it to "
                    + "attach more.")
        }
    }

    private func checkDetachable(
        _ attachment: VolumeRecord.Attachment, of volume: VolumeRecord, _ instance: InstanceRecord
    ) throws(EC2Error) {
        switch instance.state {
        case .stopped: return
        case .running where attachment.deviceName == instance.rootDeviceName:
            throw EC2Error(
                "OperationNotPermitted",
                "Unable to detach root volume '\(volume.id)' from instance '\(instance.id)'")
        case .running: return
        case .pending, .stopping, .shuttingDown, .terminated:
            throw EC2Error(
                "IncorrectState",
                "Volume '\(volume.id)' cannot be detached while its instance is "
                    + "'\(instance.state.rawValue)'.")
        }
    }
}
