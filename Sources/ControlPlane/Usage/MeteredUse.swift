// What is metered of a resource, and as what. Whoever changes a resource need not know: each transaction is looked through
// once, before it is written (`UsageMetering`).

package import CloudTypes

/// What accounts are told that they used.
package enum UsageMeter: String, Sendable, Codable, CaseIterable, Comparable {
    case instance, volume, snapshot, address
    /// Surplus CPU credits that were charged.
    case surplusCredits = "surplus-credits"

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// What the meter counts, in the unit that it is told in.
    package var unit: String {
        switch self {
        case .instance: "seconds"
        case .volume, .snapshot: "GiB-hours"
        case .address: "hours"
        case .surplusCredits: "vCPU-hours"
        }
    }

    /// Unit seconds that make one of `unit`.
    package var divisor: Double {
        switch self {
        case .instance: 1
        case .volume, .snapshot, .address, .surplusCredits: 3_600
        }
    }
}

/// How a resource is used now. As long as it stays the same nothing is written.
struct MeteredUse: Equatable {
    let meter: UsageMeter
    /// `t3.micro`, `gp3`, `standard`, `associated`
    let item: String
    /// GiB, or 1.
    let units: Double
    let tags: [String: String]
}

/// Since when the present use of a resource counts.
package struct UsageReading: Sendable, Codable, Equatable {
    package var since: Timestamp
    /// When it began to be used at all: what it was used as may have changed since.
    package var began: Timestamp
}

protocol MeteredRecord: TaggedRecord {
    /// nil: nothing is metered.
    var use: MeteredUse? { get }
    var reading: UsageReading? { get set }
}

extension InstanceRecord: MeteredRecord {
    /// From when it runs to when it begins to stop or to go, or its memory is saved.
    var use: MeteredUse? {
        guard state == .running || state == .stopping && hibernation == .saving else { return nil }
        return MeteredUse(meter: .instance, item: instanceType, units: 1, tags: tags)
    }
}

extension VolumeRecord: MeteredRecord {
    var use: MeteredUse? {
        switch state {
        case .creating, .available, .inUse:
            MeteredUse(meter: .volume, item: volumeType, units: Double(sizeGiB), tags: tags)
        case .deleting, .error: nil
        }
    }
}

extension SnapshotRecord: MeteredRecord {
    var use: MeteredUse? {
        switch state {
        case .completed, .recoverable:
            guard copy == nil, let fullBytes else { return nil }
            return MeteredUse(
                meter: .snapshot, item: "standard", units: Double(fullBytes) / Double(1 << 30), tags: tags)
        case .pending, .error, .deleting: return nil
        }
    }
}

extension AddressRecord: MeteredRecord {
    var use: MeteredUse? {
        MeteredUse(meter: .address, item: association == nil ? "idle" : "associated", units: 1, tags: tags)
    }
}
