// From attributes as a caller names them to what the catalogue is searched for.
// Source: EC2 API Reference, "InstanceRequirementsRequest".

import AWSWire
import CloudTypes
import InstanceTypeCatalogue

extension InstanceRequirements {
    /// - Throws: `InvalidParameterValue` where no type could ever fit, `InvalidParameterCombination` for two lists or two
    ///   price thresholds of which one may be given, `UnsupportedOperation` for performance relative to a family.
    init(_ wish: EC2.InstanceRequirementsRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            ["BaselinePerformanceFactors": wish.baselinePerformanceFactors?.cpu?.references.isEmpty == false],
            because: "it has no figures of how families' processors compare.")
        guard wish.allowedInstanceTypes.isEmpty || wish.excludedInstanceTypes.isEmpty else {
            throw .invalidParameterCombination(
                "Only one of AllowedInstanceTypes and ExcludedInstanceTypes can be specified.")
        }
        self.init()
        allowedTypes = wish.allowedInstanceTypes.map(FilterPattern.init)
        excludedTypes = wish.excludedInstanceTypes.map(FilterPattern.init)
        generations = Set(wish.instanceGenerations.map(\.rawValue))
        bareMetal = wish.bareMetal.flatMap { Choice(rawValue: $0.rawValue) } ?? .excluded
        burstable = wish.burstablePerformance.flatMap { Choice(rawValue: $0.rawValue) } ?? .excluded
        mustHibernate = wish.requireHibernateSupport ?? false
        mustEncryptInTransit = wish.requireEncryptionInTransit ?? false
        try readProcessor(wish)
        try readNetworkAndStorage(wish)
        try readAccelerators(wish)
        try readPriceProtection(wish)
    }

    private mutating func readProcessor(_ wish: EC2.InstanceRequirementsRequest) throws(EC2Error) {
        processorManufacturers = Set(wish.cpuManufacturers.map(\.rawValue))
        vCPUs = try Bounds(wish.vCPUCount.min, wish.vCPUCount.max, named: "VCpuCount")
        memoryMiB = try Bounds(wish.memoryMiB.min, wish.memoryMiB.max, named: "MemoryMiB")
        memoryGiBPerVCPU = try Bounds(
            wish.memoryGiBPerVCPU?.min, wish.memoryGiBPerVCPU?.max, named: "MemoryGiBPerVCpu")
    }

    private mutating func readNetworkAndStorage(_ wish: EC2.InstanceRequirementsRequest) throws(EC2Error) {
        networkInterfaces = try Bounds(
            wish.networkInterfaceCount?.min, wish.networkInterfaceCount?.max, named: "NetworkInterfaceCount")
        networkGbps = try Bounds(
            wish.networkBandwidthGbps?.min, wish.networkBandwidthGbps?.max, named: "NetworkBandwidthGbps")
        baselineEBSMbps = try Bounds(
            wish.baselineEBSBandwidthMbps?.min, wish.baselineEBSBandwidthMbps?.max, named: "BaselineEbsBandwidthMbps")
        localStorage = wish.localStorage.flatMap { Choice(rawValue: $0.rawValue) } ?? .included
        localStorageTypes = Set(wish.localStorageTypes.map(\.rawValue))
        localStorageGB = try Bounds(
            wish.totalLocalStorageGB?.min, wish.totalLocalStorageGB?.max, named: "TotalLocalStorageGB")
    }

    private mutating func readAccelerators(_ wish: EC2.InstanceRequirementsRequest) throws(EC2Error) {
        accelerators.kinds = Set(wish.acceleratorTypes.map(\.rawValue))
        accelerators.manufacturers = Set(wish.acceleratorManufacturers.map(\.rawValue))
        accelerators.names = Set(wish.acceleratorNames.map(\.rawValue))
        accelerators.count = try Bounds(
            wish.acceleratorCount?.min, wish.acceleratorCount?.max, named: "AcceleratorCount")
        accelerators.totalMemoryMiB = try Bounds(
            wish.acceleratorTotalMemoryMiB?.min, wish.acceleratorTotalMemoryMiB?.max,
            named: "AcceleratorTotalMemoryMiB")
    }

    private mutating func readPriceProtection(_ wish: EC2.InstanceRequirementsRequest) throws(EC2Error) {
        let (overLowest, ofOnDemand) = (
            wish.spotMaxPricePercentageOverLowestPrice, wish.maxSpotPriceAsPercentageOfOptimalOnDemandPrice
        )
        guard overLowest == nil || ofOnDemand == nil else {
            throw .invalidParameterCombination(
                "Only one of SpotMaxPricePercentageOverLowestPrice and "
                    + "MaxSpotPriceAsPercentageOfOptimalOnDemandPrice can be specified.")
        }
        let onDemand = wish.onDemandMaxPricePercentageOverLowestPrice
        for percent in [overLowest, ofOnDemand, onDemand].compactMap(\.self) where percent < 0 {
            throw .invalidParameterValue("A price protection threshold cannot be \(percent): it is 0 or more.")
        }
        priceProtection.onDemandOverLowest = onDemand.map(Double.init)
        priceProtection.spotOverLowest = overLowest.map(Double.init)
        priceProtection.spotOfOnDemand = ofOnDemand.map(Double.init)
    }
}

extension InstanceRequirements.Bounds {
    /// - Throws: `InvalidParameterValue` for an end below 0, and where the ends have crossed.
    fileprivate init(_ least: Double?, _ most: Double?, named name: String) throws(EC2Error) {
        for end in [least, most].compactMap(\.self) where !(end >= 0) {
            throw .invalidParameterValue(name: name, value: "\(end)", reason: "Expecting a value of 0 or more.")
        }
        if let least, let most, least > most {
            throw .invalidParameterValue(
                name: name, value: "\(least)", reason: "The minimum cannot be greater than the maximum (\(most)).")
        }
        self.init(least, most)
    }

    fileprivate init(_ least: Int?, _ most: Int?, named name: String) throws(EC2Error) {
        try self.init(least.map(Double.init), most.map(Double.init), named: name)
    }
}
