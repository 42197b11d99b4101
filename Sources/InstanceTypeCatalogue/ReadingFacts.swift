// From a type's XML to its facts.

internal import NodeContract

/// Typed looks into one type.
private struct FactReader {
    let type: InstanceType

    func texts(_ path: String) -> [String] { type.values(at: InstanceTypePath(path)) }
    func text(_ path: String) -> String? { texts(path).first }
    func flag(_ path: String) -> Bool { text(path) == "true" }
    func isSupported(_ path: String) -> Bool { text(path) == "supported" }
    func number(_ path: String) -> Int { text(path).flatMap { Int($0) } ?? 0 }
    func numbers(_ path: String) -> [Int] { texts(path).compactMap { Int($0) } }
    func optionalNumber(_ path: String) -> Int? { text(path).flatMap { Int($0) } }
    func decimals(_ path: String) -> [Double] { texts(path).compactMap { Double($0) } }
    func decimal(_ path: String) -> Double? { decimals(path).first }
}

extension InstanceTypeFacts {
    init(of type: InstanceType) {
        let read = FactReader(type: type)
        name = type.name
        processorManufacturer = read.text("processorInfo/manufacturer") ?? ""
        sustainedClockGHz = read.decimal("processorInfo/sustainedClockSpeedInGhz")
        architectures = read.texts("processorInfo/supportedArchitectures/item").compactMap(Architecture.init(rawValue:))
        vCPUs = read.number("vCpuInfo/defaultVCpus")
        cores = read.number("vCpuInfo/defaultCores")
        threadsPerCore = read.number("vCpuInfo/defaultThreadsPerCore")
        validCores = read.numbers("vCpuInfo/validCores/item")
        validThreadsPerCore = read.numbers("vCpuInfo/validThreadsPerCore/item")
        memoryMiB = read.number("memoryInfo/sizeInMiB")
        isCurrentGeneration = read.flag("currentGeneration")
        isBareMetal = read.flag("bareMetal")
        isBurstable = read.flag("burstablePerformanceSupported")
        supportsHibernation = read.flag("hibernationSupported")
        supportsEnclaves = read.isSupported("nitroEnclavesSupport")
        supportsNitroTPM = read.isSupported("nitroTpmSupport")
        supportsAutoRecovery = read.flag("autoRecoverySupported")
        hypervisor = read.text("hypervisor")
        bootModes = read.texts("supportedBootModes/item")
        rootDeviceTypes = read.texts("supportedRootDeviceTypes/item")
        virtualizationTypes = read.texts("supportedVirtualizationTypes/item")
        usageClasses = read.texts("supportedUsageClasses/item")
        placementStrategies = read.texts("placementGroupInfo/supportedStrategies/item")
        instanceStore = InstanceStore(read)
        network = Network(read)
        ebs = EBS(read)
        gpuCount = read.numbers("gpuInfo/gpus/item/count").reduce(0, +)
        gpuMemoryMiB = read.number("gpuInfo/totalGpuMemoryInMiB")
        accelerators = Accelerator.all(read)
    }
}

extension InstanceTypeFacts.InstanceStore {
    fileprivate init?(_ read: FactReader) {
        guard read.flag("instanceStorageSupported") else { return nil }
        let sizes = read.numbers("instanceStorageInfo/disks/item/sizeInGB")
        let counts = read.numbers("instanceStorageInfo/disks/item/count")
        let types = read.texts("instanceStorageInfo/disks/item/type")
        disks = zip(zip(sizes, counts), types).map { Disk(sizeGB: $0.0, count: $0.1, type: $1) }
        totalGB = read.number("instanceStorageInfo/totalSizeInGB")
        isNVMe = read.text("instanceStorageInfo/nvmeSupport") == "required"
        isEncrypted = read.text("instanceStorageInfo/encryptionSupport") == "required"
    }
}

extension InstanceTypeFacts.Network {
    fileprivate init(_ read: FactReader) {
        interfaces = read.number("networkInfo/maximumNetworkInterfaces")
        cards = read.number("networkInfo/maximumNetworkCards")
        ipv4AddressesPerInterface = read.number("networkInfo/ipv4AddressesPerInterface")
        ipv6AddressesPerInterface = read.number("networkInfo/ipv6AddressesPerInterface")
        supportsIPv6 = read.flag("networkInfo/ipv6Supported")
        supportsEFA = read.flag("networkInfo/efaSupported")
        ena = read.text("networkInfo/enaSupport") ?? "unsupported"
        performance = read.text("networkInfo/networkPerformance") ?? ""
        baselineGbps = read.decimal("networkInfo/networkCards/item/baselineBandwidthInGbps")
        peakGbps = read.decimal("networkInfo/networkCards/item/peakBandwidthInGbps")
        totalBaselineGbps = read.decimals("networkInfo/networkCards/item/baselineBandwidthInGbps").reduce(0, +)
        isEncryptedInTransit = read.flag("networkInfo/encryptionInTransitSupported")
    }
}

extension InstanceTypeFacts.EBS {
    fileprivate init(_ read: FactReader) {
        attachments = read.number("ebsInfo/maximumEbsAttachments")
        attachmentsAreShared = read.text("ebsInfo/attachmentLimitType") == "shared"
        optimization = read.text("ebsInfo/ebsOptimizedSupport") ?? "unsupported"
        isNVMe = read.text("ebsInfo/nvmeSupport") == "required"
        baselineBandwidthMbps = read.optionalNumber("ebsInfo/ebsOptimizedInfo/baselineBandwidthInMbps")
        baselineIOPS = read.optionalNumber("ebsInfo/ebsOptimizedInfo/baselineIops")
        maximumIOPS = read.optionalNumber("ebsInfo/ebsOptimizedInfo/maximumIops")
        baselineThroughput = read.decimal("ebsInfo/ebsOptimizedInfo/baselineThroughputInMBps")
        maximumThroughput = read.decimal("ebsInfo/ebsOptimizedInfo/maximumThroughputInMBps")
    }
}

extension Accelerator {
    /// Chips for training stand among the Neuron devices alone; those for inference stand there a second time.
    fileprivate static func all(_ read: FactReader) -> [Accelerator] {
        let inference = list(.inference, "inferenceAcceleratorInfo/accelerators/item", read)
        return list(.gpu, "gpuInfo/gpus/item", read) + list(.fpga, "fpgaInfo/fpgas/item", read)
            + (inference.isEmpty ? list(.inference, "neuronInfo/neuronDevices/item", read) : inference)
            + list(.media, "mediaAcceleratorInfo/accelerators/item", read)
    }

    private static func list(_ kind: Kind, _ path: String, _ read: FactReader) -> [Accelerator] {
        let makers = read.texts(path + "/manufacturer")
        let counts = read.numbers(path + "/count")
        let sizes = read.numbers(path + "/memoryInfo/sizeInMiB")
        return read.texts(path + "/name").enumerated().map { place, title in
            Accelerator(
                kind: kind, maker: place < makers.count ? makers[place] : nil, title: title,
                count: place < counts.count ? counts[place] : 1, memoryMiB: place < sizes.count ? sizes[place] : 0)
        }
    }
}
