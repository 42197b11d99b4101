// What each EBS volume type allows: sizes, IOPS, throughput, and AWS's refusals.
// Source: EBS User Guide, "Amazon EBS volume types".

package import CloudTypes

package struct VolumeTypeRules: Sendable {
    package let name: String
    package let sizesGiB: ClosedRange<Int>
    /// What a caller may ask for; nil: the type takes no figure.
    package let iops: ClosedRange<Int>?
    package let iopsPerGiB: Int
    package let requiresIOPS: Bool
    /// MiB/s
    package let throughput: ClosedRange<Int>?
    package let isBootable: Bool

    package static let all: [String: VolumeTypeRules] = Dictionary(
        uniqueKeysWithValues: [
            VolumeTypeRules("gp3", 1...65_536, iops: 3_000...80_000, perGiB: 500, throughput: 125...2_000),
            VolumeTypeRules("gp2", 1...16_384),
            VolumeTypeRules("io1", 4...16_384, iops: 100...64_000, perGiB: 50, requiresIOPS: true),
            VolumeTypeRules("io2", 4...65_536, iops: 100...256_000, perGiB: 1_000, requiresIOPS: true),
            VolumeTypeRules("st1", 125...16_384, isBootable: false),
            VolumeTypeRules("sc1", 125...16_384, isBootable: false),
            VolumeTypeRules("standard", 1...1_024),
        ].map { ($0.name, $0) })

    private init(
        _ name: String, _ sizesGiB: ClosedRange<Int>, iops: ClosedRange<Int>? = nil, perGiB: Int = 0,
        requiresIOPS: Bool = false, throughput: ClosedRange<Int>? = nil, isBootable: Bool = true
    ) {
        (self.name, self.sizesGiB, self.iops, iopsPerGiB) = (name, sizesGiB, iops, perGiB)
        (self.requiresIOPS, self.throughput, self.isBootable) = (requiresIOPS, throughput, isBootable)
    }
}

/// A volume's figures as asked for, and as they come out.
package struct VolumeFigures: Sendable, Equatable, Codable {
    package var volumeType: String
    package var sizeGiB: Int
    package var iops: Int?
    package var throughput: Int?

    package init(volumeType: String, sizeGiB: Int, iops: Int? = nil, throughput: Int? = nil) {
        (self.volumeType, self.sizeGiB, self.iops, self.throughput) = (volumeType, sizeGiB, iops, throughput)
    }

    /// The figures with the type's defaults filled in.
    ///
    /// - Throws: `InvalidParameterValue`, `InvalidParameterCombination`, `MissingParameter`.
    package func checked() throws(EC2Error) -> VolumeFigures {
        guard let rules = VolumeTypeRules.all[volumeType] else {
            throw .invalidParameterValue("Invalid value '\(volumeType)' for VolumeType.")
        }
        try check(sizeGiB, within: rules.sizesGiB, "Volume of \(sizeGiB)GiB is", unit: "GiB", rules)
        var figures = self
        figures.iops = try checkedIOPS(rules)
        figures.throughput = try checkedThroughput(rules, iops: figures.iops)
        return figures
    }

    private func checkedIOPS(_ rules: VolumeTypeRules) throws(EC2Error) -> Int? {
        guard let range = rules.iops else {
            guard iops == nil else {
                throw .invalidParameterCombination(
                    "The parameter iops is not supported for \(rules.name) volumes.")
            }
            return rules.name == "gp2" ? min(16_000, max(100, sizeGiB * 3)) : nil
        }
        guard let iops else {
            if rules.requiresIOPS {
                throw EC2Error("MissingParameter", "The parameter iops must be specified for \(rules.name) volumes.")
            }
            return range.lowerBound
        }
        try check(iops, within: range, "Volume iops of \(iops) is", unit: "", rules)
        guard iops <= max(range.lowerBound, sizeGiB * rules.iopsPerGiB) else {
            throw .invalidParameterValue(
                "Iops to volume size ratio of \(iops)/\(sizeGiB) is too high; maximum is \(rules.iopsPerGiB).")
        }
        return iops
    }

    private func checkedThroughput(_ rules: VolumeTypeRules, iops: Int?) throws(EC2Error) -> Int? {
        guard let range = rules.throughput else {
            guard throughput == nil else {
                throw .invalidParameterCombination(
                    "The parameter throughput is not supported for \(rules.name) volumes.")
            }
            return nil
        }
        guard let throughput else { return range.lowerBound }
        try check(throughput, within: range, "Throughput of \(throughput) is", unit: "", rules)
        guard throughput * 4 <= max(500, iops ?? 0) else {
            throw .invalidParameterValue(
                "Throughput (MiBps) to iops ratio of \(throughput)/\(iops ?? 0) is too high; maximum is 0.25 MiBps per iops."
            )
        }
        return throughput
    }

    private func check(
        _ value: Int, within range: ClosedRange<Int>, _ what: String, unit: String, _ rules: VolumeTypeRules
    ) throws(EC2Error) {
        if value < range.lowerBound {
            throw .invalidParameterValue(
                "\(what) too small; minimum is \(range.lowerBound)\(unit) for \(rules.name) volumes.")
        }
        if value > range.upperBound {
            throw .invalidParameterValue(
                "\(what) too large; maximum is \(range.upperBound)\(unit) for \(rules.name) volumes.")
        }
    }
}
