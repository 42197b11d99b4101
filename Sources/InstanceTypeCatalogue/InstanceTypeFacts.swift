// What launching, attaching and describing need to know of an instance type.

package import NodeContract
internal import Synchronization

package struct InstanceTypeFacts: Sendable, Equatable {
    package let name: String
    /// `Intel`, `AMD`, `AWS`, `Apple`
    package let processorManufacturer: String
    package let sustainedClockGHz: Double?
    package let architectures: [Architecture]
    package let vCPUs: Int
    package let cores: Int
    package let threadsPerCore: Int
    /// What `CpuOptions` may ask for; empty where it may ask for nothing but the defaults.
    package let validCores: [Int]
    package let validThreadsPerCore: [Int]
    package let memoryMiB: Int
    package let isCurrentGeneration: Bool
    package let isBareMetal: Bool
    /// Earns CPU credits (T2, T3, T3a, T4g).
    package let isBurstable: Bool
    package let supportsHibernation: Bool
    package let supportsEnclaves: Bool
    package let supportsNitroTPM: Bool
    package let supportsAutoRecovery: Bool
    /// `nitro` or `xen`; nil for bare metal.
    package let hypervisor: String?
    /// `uefi`, `legacy-bios`
    package let bootModes: [String]
    /// `ebs`, `instance-store`
    package let rootDeviceTypes: [String]
    /// `hvm`, `paravirtual`
    package let virtualizationTypes: [String]
    /// `on-demand`, `spot`, `capacity-block`
    package let usageClasses: [String]
    package let placementStrategies: [String]
    package let instanceStore: InstanceStore?
    package let network: Network
    package let ebs: EBS
    package let gpuCount: Int
    /// MiB over all GPUs.
    package let gpuMemoryMiB: Int
    package let accelerators: [Accelerator]

    /// What an instance takes of the host besides processors and memory, by name: `t4`.
    package var devices: [String: Int] {
        accelerators.isEmpty ? [:] : Dictionary(accelerators.map { ($0.name, $0.count) }, uniquingKeysWith: +)
    }

    /// What is before the point: `c6i` of `c6i.large`.
    package var family: String { String(name.prefix { $0 != "." }) }
    package var size: String { String(name.dropFirst(family.count + 1)) }

    package struct InstanceStore: Sendable, Equatable {
        package struct Disk: Sendable, Equatable {
            package let sizeGB: Int
            package let count: Int
            /// `ssd` or `hdd`
            package let type: String
        }
        package let disks: [Disk]
        package let totalGB: Int
        package let isNVMe: Bool
        package let isEncrypted: Bool
    }

    package struct Network: Sendable, Equatable {
        package let interfaces: Int
        package let cards: Int
        package let ipv4AddressesPerInterface: Int
        package let ipv6AddressesPerInterface: Int
        package let supportsIPv6: Bool
        package let supportsEFA: Bool
        /// `required`, `supported`, `unsupported`
        package let ena: String
        /// As the catalogue says it: `Up to 5 Gigabit`.
        package let performance: String
        /// Gbit/s of the first card.
        package let baselineGbps: Double?
        package let peakGbps: Double?
        /// Gbit/s over all cards.
        package let totalBaselineGbps: Double
        package let isEncryptedInTransit: Bool
    }

    package struct EBS: Sendable, Equatable {
        package let attachments: Int
        /// Whether interfaces and instance-store disks count against `attachments` too.
        package let attachmentsAreShared: Bool
        /// `default`, `supported`, `unsupported`
        package let optimization: String
        package let isNVMe: Bool
        /// Mbit/s
        package let baselineBandwidthMbps: Int?
        package let baselineIOPS: Int?
        package let maximumIOPS: Int?
        /// MB/s
        package let baselineThroughput: Double?
        package let maximumThroughput: Double?
    }
}

/// Facts that were asked for once are kept: there are at most as many as types.
final class FactsCache: Sendable {
    static let shared = FactsCache()
    private let facts = Mutex<[String: InstanceTypeFacts]>([:])

    func facts(of name: String) -> InstanceTypeFacts? {
        if let known = facts.withLock({ $0[name] }) { return known }
        guard let type = InstanceTypeCatalogue.shared[name] else { return nil }
        let read = InstanceTypeFacts(of: type)
        facts.withLock { $0[name] = read }
        return read
    }
}
