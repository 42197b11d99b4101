// A change of a volume that is in use or free: what it was, what it becomes, how far the world has come.
// Source: EBS User Guide, "Modify an Amazon EBS volume using Elastic Volumes operations".

package import CloudTypes

//  modifying ─bytes grown─▶ optimizing ─limits changed─▶ completed
package struct VolumeModification: Sendable, Equatable, Codable {
    package enum State: String, Sendable, Codable { case modifying, optimizing, completed }

    package var state: State = .modifying
    package var original: VolumeFigures
    package var target: VolumeFigures
    /// nil: several instances could not have it at once.
    package var originalMultiAttach: Bool?
    package var targetMultiAttach: Bool?
    package var startedAt: Timestamp
    package var endedAt: Timestamp?

    package init(from original: VolumeFigures, to target: VolumeFigures, at startedAt: Timestamp) {
        (self.original, self.target, self.startedAt) = (original, target, startedAt)
    }

    package var isUnderWay: Bool {
        switch state {
        case .modifying, .optimizing: true
        case .completed: false
        }
    }

    /// Percent of the steps that are done.
    package var progress: Int {
        switch state {
        case .modifying: 0
        case .optimizing: 50
        case .completed: 100
        }
    }
}

/// What a caller wants of a volume that is there; nil: as it is.
package struct VolumeChange: Sendable {
    package var sizeGiB: Int?
    package var volumeType: String?
    package var iops: Int?
    package var throughput: Int?
    package var multiAttach: Bool?
    package init() {}

    var isEmpty: Bool {
        sizeGiB == nil && volumeType == nil && iops == nil && throughput == nil && multiAttach == nil
    }
}

extension VolumeRecord {
    package var figures: VolumeFigures {
        get { VolumeFigures(volumeType: volumeType, sizeGiB: sizeGiB, iops: iops, throughput: throughput) }
        set {
            (volumeType, sizeGiB) = (newValue.volumeType, newValue.sizeGiB)
            (iops, throughput) = (newValue.iops, newValue.throughput)
        }
    }
}

extension VolumeFigures {
    /// The figures with the change laid over them and the type's own defaults where the type changes.
    ///
    /// - Throws: `InvalidParameterValue`, `InvalidParameterCombination`, `MissingParameter`.
    func changed(by change: VolumeChange) throws(EC2Error) -> VolumeFigures {
        var wanted = VolumeFigures(
            volumeType: change.volumeType ?? volumeType, sizeGiB: change.sizeGiB ?? sizeGiB, iops: change.iops,
            throughput: change.throughput)
        guard let rules = VolumeTypeRules.all[wanted.volumeType] else { return try wanted.checked() }
        if wanted.iops == nil, let range = rules.iops, let iops {
            // What was is kept where the type can have it.
            wanted.iops = min(range.upperBound, max(range.lowerBound, iops))
        }
        if wanted.throughput == nil, let range = rules.throughput {
            // A gp2 volume of more than 170 GiB had 250 MiB/s.
            let before = throughput ?? (volumeType == "gp2" && sizeGiB > 170 ? 250 : 0)
            let most = min(range.upperBound, max(500, wanted.iops ?? 0) / 4)
            wanted.throughput = min(most, max(range.lowerBound, before))
        }
        return try wanted.checked()
    }
}
