// Processors, memory, GPUs: what a host has, what guests have taken of it, and how much of a type still fits.

package import InstanceTypeCatalogue
internal import NodeContract

package struct HostShare: Sendable, Equatable, AdditiveArithmetic {
    package var vCPUs: Int
    package var memoryMiB: Int
    /// GPUs and the like by name; nil: as many as anybody wants.
    package var devices: [String: Int]?
    package static let zero = HostShare(vCPUs: 0, memoryMiB: 0)

    package init(vCPUs: Int, memoryMiB: Int, devices: [String: Int]? = [:]) {
        (self.vCPUs, self.memoryMiB, self.devices) = (vCPUs, memoryMiB, devices)
    }

    package static func + (left: HostShare, right: HostShare) -> HostShare {
        HostShare(
            vCPUs: left.vCPUs + right.vCPUs, memoryMiB: left.memoryMiB + right.memoryMiB,
            devices: sum(left.devices, right.devices, 1))
    }

    package static func - (left: HostShare, right: HostShare) -> HostShare {
        HostShare(
            vCPUs: left.vCPUs - right.vCPUs, memoryMiB: left.memoryMiB - right.memoryMiB,
            devices: sum(left.devices, right.devices, -1))
    }

    private static func sum(_ left: [String: Int]?, _ right: [String: Int]?, _ factor: Int) -> [String: Int]? {
        guard let left, let right else { return nil }
        guard !right.isEmpty else { return left }
        return left.merging(right.mapValues { factor * $0 }, uniquingKeysWith: +).filter { $0.value != 0 }
    }

    /// How often `part` goes into what this is; 0 where this is overdrawn.
    package func holds(_ part: HostShare) -> Int {
        var count = min(vCPUs / max(1, part.vCPUs), memoryMiB / max(1, part.memoryMiB))
        if let devices {
            for (name, wanted) in part.devices ?? [:] where wanted > 0 {
                count = min(count, (devices[name] ?? 0) / wanted)
            }
        }
        return max(0, count)
    }

    package func times(_ count: Int) -> HostShare {
        HostShare(
            vCPUs: vCPUs * count, memoryMiB: memoryMiB * count,
            devices: devices?.mapValues { $0 * count }.filter { $0.value != 0 })
    }
}

/// How much more is given out than there is: 2 gives everything twice.
package struct Overcommit: Sendable, Equatable {
    package var processors = 16.0
    package var memory = 1.0
    package init() {}
}

extension CloudSettings {
    /// What the host gives out in all.
    package var hostShare: HostShare {
        func scaled(_ count: Int, _ factor: Double) -> Int { Int(min(Double(count) * factor, Double(Int.max / 2))) }
        return HostShare(
            vCPUs: scaled(capabilities.processorCount, overcommit.processors),
            memoryMiB: scaled(capabilities.memoryMiB, overcommit.memory), devices: capabilities.gpus)
    }
}

extension CloudState {
    /// What is taken: by guests that run or are about to, and by slots of reservations that nobody uses.
    package var takenShare: HostShare { instances.weight + capacityReservations.weight - instances.coveredWeight }

    /// How many more instances of the type fit on the host now; none where it cannot run the type at all.
    /// - Parameter given: what would be given back for them.
    package func room(
        for facts: InstanceTypeFacts, taking share: HostShare? = nil, besides given: HostShare = .zero,
        _ settings: CloudSettings
    ) -> Int {
        let runs =
            !facts.isBareMetal && facts.architectures.contains { settings.capabilities.architectures.contains($0) }
        guard runs else { return 0 }
        return (settings.hostShare - takenShare + given).holds(share ?? HostShare(of: facts))
    }
}

extension HostShare {
    /// What an instance of the type takes.
    package init(of facts: InstanceTypeFacts) {
        self.init(vCPUs: facts.vCPUs, memoryMiB: facts.memoryMiB, devices: facts.devices)
    }

    /// Of a type that there is no more: nothing.
    init(ofType name: String) { self = InstanceTypeCatalogue.facts(of: name).map(HostShare.init(of:)) ?? .zero }
}
