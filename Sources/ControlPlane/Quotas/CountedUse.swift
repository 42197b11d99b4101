// What quotas count beyond the number of records: processors that run, storage and IOPS that are provisioned.
// Source: Amazon EC2 User Guide, "On-Demand Instance quotas"; Amazon EBS User Guide, "Quotas for Amazon EBS".

/// One of the sums that are kept for each account.
package enum CountedUse: Hashable, Sendable {
    /// Of instances that run or are about to.
    case vCPUs(VCPUClass)
    /// By volume type.
    case storageGiB(String)
    /// By volume type.
    case iops(String)
}

/// The instance types whose processors AWS counts together.
package enum VCPUClass: String, CaseIterable, Sendable {
    case standard, dl, f, g, hpc, inf, p, trn, x
    case highMemory = "u"

    /// - Parameter type: as in `c7g.large`.
    package init(ofType type: String) {
        switch type.prefix(while: \.isLetter) {
        case "dl": self = .dl
        case "f": self = .f
        case "g", "gr", "vt": self = .g
        case "hpc": self = .hpc
        case "inf": self = .inf
        case "p": self = .p
        case "trn": self = .trn
        case "u": self = .highMemory
        case "x": self = .x
        default: self = .standard
        }
    }
}

extension InstanceRecord {
    package var uses: [CountedUse: Int] {
        switch state {
        case .pending, .running: [.vCPUs(VCPUClass(ofType: instanceType)): vCPUs]
        case .stopping, .stopped, .shuttingDown, .terminated: [:]
        }
    }
}

extension VolumeRecord {
    /// A change counts as soon as it is accepted.
    package var uses: [CountedUse: Int] {
        switch state {
        case .creating, .available, .inUse, .error:
            modification.flatMap { $0.isUnderWay ? $0.target.uses : nil } ?? figures.uses
        case .deleting: [:]
        }
    }
}

extension VolumeFigures {
    var uses: [CountedUse: Int] {
        var uses = [CountedUse.storageGiB(volumeType): sizeGiB]
        if let iops, VolumeTypeRules.all[volumeType]?.requiresIOPS == true { uses[.iops(volumeType)] = iops }
        return uses
    }
}
