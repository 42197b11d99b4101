// What a volume, or all disks of a guest together, may do in a second, and the credits by which it may do more.

package struct DiskLimits: Sendable, Equatable, Codable {
    /// Operations a second; nil: any number.
    package var iops: Int?
    /// Bytes a second; nil: any number.
    package var bytesPerSecond: Int?
    /// An operation of more bytes counts as several.
    package var operationBytes: Int
    /// Where given, the figures above hold while there are credits.
    package var burst: Burst?

    /// A bucket of credits that fills at the baseline and empties at what is done.
    package struct Burst: Sendable, Equatable, Codable {
        package enum Unit: String, Sendable, Codable { case operations, bytes }
        package var unit: Unit
        /// Units a second, for ever.
        package var baseline: Int
        /// Units.
        package var capacity: Int
        package init(unit: Unit, baseline: Int, capacity: Int) {
            (self.unit, self.baseline, self.capacity) = (unit, baseline, capacity)
        }
    }

    package init(
        iops: Int? = nil, bytesPerSecond: Int? = nil, operationBytes: Int = 256 << 10, burst: Burst? = nil
    ) {
        (self.iops, self.bytesPerSecond) = (iops, bytesPerSecond)
        (self.operationBytes, self.burst) = (operationBytes, burst)
    }

    /// The figures once the credits are used up.
    package var withoutCredits: DiskLimits {
        var limits = self
        limits.burst = nil
        switch burst?.unit {
        case .operations: limits.iops = burst?.baseline
        case .bytes: limits.bytesPerSecond = burst?.baseline
        case nil: break
        }
        return limits
    }
}
