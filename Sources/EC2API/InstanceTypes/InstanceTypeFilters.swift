// The filters of instance types: each is the way to an element of what DescribeInstanceTypes shows.
// Source: EC2 API Reference, "DescribeInstanceTypes".

import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

enum InstanceTypeFilters {
    static let table = FilterTable<InstanceType>(
        paths.mapValues { path in
            let path = InstanceTypePath(path)
            return { type, _ in type.values(at: path) }
        }.merging(["instance-type": { type, _ in [type.name] }]) { $1 })

    private static let paths: [String: String] = [
        "auto-recovery-supported": "autoRecoverySupported",
        "bare-metal": "bareMetal",
        "burstable-performance-supported": "burstablePerformanceSupported",
        "current-generation": "currentGeneration",
        "dedicated-hosts-supported": "dedicatedHostsSupported",
        "free-tier-eligible": "freeTierEligible",
        "hibernation-supported": "hibernationSupported",
        "hypervisor": "hypervisor",
        "instance-storage-supported": "instanceStorageSupported",
        "memory-info.size-in-mib": "memoryInfo/sizeInMiB",
        "nitro-enclaves-support": "nitroEnclavesSupport",
        "nitro-tpm-info.supported-versions": "nitroTpmInfo/supportedVersions/item",
        "nitro-tpm-support": "nitroTpmSupport",
        "reboot-migration-support": "rebootMigrationSupport",
        "supported-boot-mode": "supportedBootModes/item",
        "supported-root-device-type": "supportedRootDeviceTypes/item",
        "supported-usage-class": "supportedUsageClasses/item",
        "supported-virtualization-type": "supportedVirtualizationTypes/item",
    ].merging(ebs) { $1 }.merging(storage) { $1 }.merging(network) { $1 }.merging(processors) { $1 }

    private static let ebs: [String: String] = [
        "ebs-info.attachment-limit-type": "ebsInfo/attachmentLimitType",
        "ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps": "ebsInfo/ebsOptimizedInfo/baselineBandwidthInMbps",
        "ebs-info.ebs-optimized-info.baseline-iops": "ebsInfo/ebsOptimizedInfo/baselineIops",
        "ebs-info.ebs-optimized-info.baseline-throughput-in-mbps":
            "ebsInfo/ebsOptimizedInfo/baselineThroughputInMBps",
        "ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps": "ebsInfo/ebsOptimizedInfo/maximumBandwidthInMbps",
        "ebs-info.ebs-optimized-info.maximum-iops": "ebsInfo/ebsOptimizedInfo/maximumIops",
        "ebs-info.ebs-optimized-info.maximum-throughput-in-mbps": "ebsInfo/ebsOptimizedInfo/maximumThroughputInMBps",
        "ebs-info.ebs-optimized-support": "ebsInfo/ebsOptimizedSupport",
        "ebs-info.encryption-support": "ebsInfo/encryptionSupport",
        "ebs-info.maximum-ebs-attachments": "ebsInfo/maximumEbsAttachments",
        "ebs-info.nvme-support": "ebsInfo/nvmeSupport",
    ]

    private static let storage: [String: String] = [
        "instance-storage-info.disk.count": "instanceStorageInfo/disks/item/count",
        "instance-storage-info.disk.size-in-gb": "instanceStorageInfo/disks/item/sizeInGB",
        "instance-storage-info.disk.type": "instanceStorageInfo/disks/item/type",
        "instance-storage-info.encryption-support": "instanceStorageInfo/encryptionSupport",
        "instance-storage-info.nvme-support": "instanceStorageInfo/nvmeSupport",
        "instance-storage-info.total-size-in-gb": "instanceStorageInfo/totalSizeInGB",
    ]

    private static let network: [String: String] = [
        "network-info.bandwidth-weightings": "networkInfo/bandwidthWeightings/item",
        "network-info.efa-info.maximum-efa-interfaces": "networkInfo/efaInfo/maximumEfaInterfaces",
        "network-info.efa-supported": "networkInfo/efaSupported",
        "network-info.ena-support": "networkInfo/enaSupport",
        "network-info.encryption-in-transit-supported": "networkInfo/encryptionInTransitSupported",
        "network-info.flexible-ena-queues-support": "networkInfo/flexibleEnaQueuesSupport",
        "network-info.ipv4-addresses-per-interface": "networkInfo/ipv4AddressesPerInterface",
        "network-info.ipv6-addresses-per-interface": "networkInfo/ipv6AddressesPerInterface",
        "network-info.ipv6-supported": "networkInfo/ipv6Supported",
        "network-info.maximum-network-cards": "networkInfo/maximumNetworkCards",
        "network-info.maximum-network-interfaces": "networkInfo/maximumNetworkInterfaces",
        "network-info.network-performance": "networkInfo/networkPerformance",
    ]

    private static let processors: [String: String] = [
        "processor-info.supported-architecture": "processorInfo/supportedArchitectures/item",
        "processor-info.supported-features": "processorInfo/supportedFeatures/item",
        "processor-info.sustained-clock-speed-in-ghz": "processorInfo/sustainedClockSpeedInGhz",
        "vcpu-info.default-cores": "vCpuInfo/defaultCores",
        "vcpu-info.default-threads-per-core": "vCpuInfo/defaultThreadsPerCore",
        "vcpu-info.default-vcpus": "vCpuInfo/defaultVCpus",
        "vcpu-info.valid-cores": "vCpuInfo/validCores/item",
        "vcpu-info.valid-threads-per-core": "vCpuInfo/validThreadsPerCore/item",
    ]
}
