// Changing a volume's size, type and figures, in use or not.
// Source: EC2 API Reference, "ModifyVolume"; EBS User Guide, "Requirements for Amazon EBS volume modifications".

package import CloudTypes

extension Transaction {
    private static let modificationsPerDay = 4

    /// Accepts the change; the world follows.
    ///
    /// - Throws: `InvalidVolume.NotFound`, `IncorrectState`, `IncorrectModificationState`,
    ///   `VolumeModificationRateExceeded`, `InvalidParameterValue`, `InvalidParameterCombination`, `MissingParameter`,
    ///   `UnsupportedOperation` for magnetic volumes, `VolumeLimitExceeded`, `MaxIOPSLimitExceeded`.
    package mutating func modify(_ id: VolumeID, by change: VolumeChange) throws(EC2Error) -> VolumeModification {
        let volume: VolumeRecord = try owned(id)
        try checkModifiable(volume)
        var modification = VolumeModification(
            from: volume.figures, to: try target(of: volume, change), at: now)
        let multiAttach = try MultiAttach.changed(of: volume, by: change)
        (modification.originalMultiAttach, modification.targetMultiAttach) = (volume.multiAttach, multiAttach)
        try checkQuota(for: modification.target, insteadOf: volume)
        let recent = recentModifications(of: volume)
        guard recent.count < Transaction.modificationsPerDay else {
            throw EC2Error(
                "VolumeModificationRateExceeded",
                "You've reached the maximum modification rate per volume limit: \(id) was modified "
                    + "\(recent.count) times within the last 24 hours.")
        }
        let now = now
        update(id) { (volume: inout VolumeRecord) in
            volume.modification = modification
            // Nobody has the volume where this changes: there is no world to follow.
            volume.multiAttach = multiAttach
            volume.modifiedAt = recent + [now]
        }
        return modification
    }

    /// - Throws: `InvalidVolume.NotFound`.
    package mutating func setAutoEnableIO(of id: VolumeID, _ value: Bool) throws(EC2Error) {
        let _: VolumeRecord = try owned(id)
        update(id) { (volume: inout VolumeRecord) in volume.autoEnableIO = value }
    }

    private func recentModifications(of volume: VolumeRecord) -> [Timestamp] {
        (volume.modifiedAt ?? []).filter { now < $0.adding(seconds: 86_400) }
    }

    private func checkModifiable(_ volume: VolumeRecord) throws(EC2Error) {
        switch volume.state {
        case .available, .inUse: break
        case .deleting: throw .notFound(volume.id)
        case .creating, .error:
            throw EC2Error(
                "IncorrectState", "The volume '\(volume.id)' is in the '\(volume.state.rawValue)' state.")
        }
        if let last = volume.modification, last.isUnderWay {
            throw EC2Error(
                "IncorrectModificationState",
                "Cannot modify volume \(volume.id) while its last modification is '\(last.state.rawValue)'.")
        }
    }

    private func target(of volume: VolumeRecord, _ change: VolumeChange) throws(EC2Error) -> VolumeFigures {
        guard !change.isEmpty else {
            throw .missingParameter("size, volumeType, iops, throughput or multiAttachEnabled")
        }
        guard volume.volumeType != "standard", change.volumeType != "standard" else {
            throw .unsupported("Volumes of type 'standard' cannot be modified.")
        }
        if let sizeGiB = change.sizeGiB, sizeGiB < volume.sizeGiB {
            throw .invalidParameterValue("New size cannot be smaller than existing size")
        }
        let target = try volume.figures.changed(by: change)
        let isRoot = volume.attachments.contains { attachment in
            state.instances[attachment.instance]?.rootDeviceName == attachment.deviceName
        }
        if isRoot, VolumeTypeRules.all[target.volumeType]?.isBootable == false {
            throw .invalidParameterCombination(
                "The volume type '\(target.volumeType)' cannot be used for a root volume.")
        }
        return target
    }
}
