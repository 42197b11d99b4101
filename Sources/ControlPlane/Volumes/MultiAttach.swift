// Volumes that several instances may have at once.
// Source: EBS User Guide, "Attach an EBS volume to multiple EC2 instances using Multi-Attach".

internal import CloudTypes
internal import InstanceTypeCatalogue

enum MultiAttach {
    static let mostInstances = 16

    /// - Throws: `InvalidParameterCombination` for a type that cannot be shared.
    static func checked(_ isWanted: Bool?, volumeType: String) throws(EC2Error) -> Bool {
        guard isWanted == true else { return false }
        guard ["io1", "io2"].contains(volumeType) else {
            throw .invalidParameterCombination(
                "The parameter MultiAttachEnabled is not supported for \(volumeType) volumes.")
        }
        return true
    }

    /// Whether several instances may have the volume after the change.
    ///
    /// - Throws: `InvalidParameterCombination`, `UnsupportedOperation` for what a shared volume cannot become and for io1
    ///   volumes, which are shared or not for good, `IncorrectState` for one that is attached.
    static func changed(of volume: VolumeRecord, by change: VolumeChange) throws(EC2Error) -> Bool {
        let target = try checked(change.multiAttach, volumeType: change.volumeType ?? volume.volumeType)
        if volume.multiAttach {
            guard change.volumeType ?? volume.volumeType == volume.volumeType else {
                throw .unsupported("The type of a Multi-Attach enabled volume cannot be modified.")
            }
            guard volume.volumeType != "io1" || change.sizeGiB == nil && change.iops == nil else {
                throw .unsupported("Size and IOPS of a Multi-Attach enabled io1 volume cannot be modified.")
            }
        }
        guard change.multiAttach != nil, target != volume.multiAttach else { return volume.multiAttach }
        guard volume.volumeType == "io2", change.volumeType ?? "io2" == "io2" else {
            throw .unsupported("Multi-Attach can be enabled or disabled on existing io2 volumes only.")
        }
        guard volume.attachments.isEmpty else {
            throw EC2Error(
                "IncorrectState",
                "Multi-Attach cannot be enabled or disabled while the volume '\(volume.id)' is attached.")
        }
        return target
    }

    /// - Throws: `VolumeInUse`, `UnsupportedOperation` as a root volume and for instances that are not built on Nitro,
    ///   `AttachmentLimitExceeded`.
    static func checkAttachable(
        _ volume: VolumeRecord, to instance: InstanceRecord, as deviceName: String, _ facts: InstanceTypeFacts
    ) throws(EC2Error) {
        guard !volume.attachments.contains(where: { $0.instance == instance.id }) else {
            throw EC2Error("VolumeInUse", "\(volume.id) is already attached to \(instance.id)")
        }
        guard deviceName != instance.rootDeviceName else {
            throw .unsupported("The Multi-Attach enabled volume '\(volume.id)' cannot be a root volume.")
        }
        guard facts.hypervisor == "nitro" || facts.isBareMetal else {
            throw .unsupported(
                "Multi-Attach enabled volumes can be attached to instances built on the Nitro System only, which "
                    + "'\(facts.name)' is not.")
        }
        guard volume.attachments.count < mostInstances else {
            throw EC2Error(
                "AttachmentLimitExceeded", "\(volume.id) is already attached to \(mostInstances) instances")
        }
    }
}
