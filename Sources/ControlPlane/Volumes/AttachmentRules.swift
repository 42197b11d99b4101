// Which volume is attached to which instance. A guest that is up keeps the disks it was booted with.
// Source: EC2 API Reference, "AttachVolume", "DetachVolume".

package import CloudTypes
internal import InstanceTypeCatalogue

extension Transaction {
    /// Attaches the volume to a stopped instance: its guest finds it when it is next booted.
    ///
    /// - Throws: `…NotFound`, `InvalidVolume.ZoneMismatch`, `VolumeInUse`, `IncorrectState`, `InvalidParameterValue`,
    ///   `AttachmentLimitExceeded`, `UnsupportedOperation` while a guest is up.
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
        try checkAttachable(volume)
        try checkPlace(deviceName, on: instance)
        switch instance.state {
        case .stopped: break
        case .running: throw .hotPlug("attached to")
        case .pending, .stopping, .shuttingDown, .terminated:
            throw EC2Error("IncorrectState", "Instance '\(instanceID)' is not 'running'.")
        }
        let attachment = VolumeRecord.Attachment(
            instance: instanceID, deviceName: deviceName, state: .attached, attachedAt: now,
            deleteOnTermination: false)
        update(id) { (volume: inout VolumeRecord) in
            volume.attachments.append(attachment)
            volume.state = .inUse
        }
        return attachment
    }

    /// Detaches the volume from a stopped instance.
    ///
    /// - Parameters: instanceID, deviceName: nil: whatever it is attached to.
    /// - Returns: the attachment as it was.
    /// - Throws: `…NotFound`, `IncorrectState`, `InvalidAttachment.NotFound`, `OperationNotPermitted`,
    ///   `UnsupportedOperation` while a guest is up.
    package mutating func detach(
        _ id: VolumeID, from instanceID: InstanceID?, deviceName: String?
    ) throws(EC2Error) -> VolumeRecord.Attachment {
        let volume: VolumeRecord = try owned(id)
        if let instanceID { _ = try owned(instanceID, InstanceRecord.self) }
        guard !volume.attachments.isEmpty else {
            throw EC2Error("IncorrectState", "Volume '\(id)' is in the '\(volume.state.rawValue)' state.")
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
        update(id) { (volume: inout VolumeRecord) in
            volume.attachments.remove(at: place)
            if volume.attachments.isEmpty { volume.state = .available }
        }
        return attachment
    }

    private func checkAttachable(_ volume: VolumeRecord) throws(EC2Error) {
        guard volume.attachments.isEmpty else {
            throw EC2Error("VolumeInUse", "\(volume.id) is already attached to an instance")
        }
        guard volume.state == .available else {
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
        case .running: throw .hotPlug("detached from")
        case .pending, .stopping, .shuttingDown, .terminated:
            throw EC2Error(
                "IncorrectState",
                "Volume '\(volume.id)' cannot be detached while its instance is "
                    + "'\(instance.state.rawValue)'.")
        }
    }
}

extension EC2Error {
    fileprivate static func hotPlug(_ verb: String) -> EC2Error {
        .unsupported("Volumes can be \(verb) stopped instances only on this cloud: stop the instance first.")
    }
}
