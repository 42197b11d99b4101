// What a volume, or all disks of a guest together, may do in a second, and the credits by which it may do more.

package struct DiskLimits: Sendable, Equatable, Codable {
    /// Operations a second; nil: any number.
    package var iops: Int?
    /// Bytes a second; nil: any number.
    package var bytesPerSecond: Int?
    /// An operation of more bytes counts as several.
    package var operationBytes: Int
    /// Where given, the figure of its unit above holds while there are credits.
    package var burst: Burst?
    /// One of the other unit, where both figures depend on credits.
    package var otherBurst: Burst?

    /// A bucket of credits that fills at the baseline and empties at what is done.
    package struct Burst: Sendable, Equatable, Codable {
        package enum Unit: String, Sendable, Codable { case operations, bytes }
        package var unit: Unit
        /// Units a second, for ever.
        package var baseline: Int
        /// Units.
        package var capacity: Int
        /// Units a second that come back also where the whole baseline is used; nil: none.
        package var grant: Int?
        package init(unit: Unit, baseline: Int, capacity: Int, grant: Int? = nil) {
            (self.unit, self.baseline, self.capacity, self.grant) = (unit, baseline, capacity, grant)
        }
    }

    package init(
        iops: Int? = nil, bytesPerSecond: Int? = nil, operationBytes: Int = 256 << 10, burst: Burst? = nil,
        otherBurst: Burst? = nil
    ) {
        (self.iops, self.bytesPerSecond) = (iops, bytesPerSecond)
        (self.operationBytes, self.burst, self.otherBurst) = (operationBytes, burst, otherBurst)
    }

    package var bursts: [Burst] { [burst, otherBurst].compactMap { $0 } }

    /// The figures once the credits are used up.
    package var withoutCredits: DiskLimits {
        var limits = self
        (limits.burst, limits.otherBurst) = (nil, nil)
        for burst in bursts {
            switch burst.unit {
            case .operations: limits.iops = burst.baseline
            case .bytes: limits.bytesPerSecond = burst.baseline
            }
        }
        return limits
    }
}
