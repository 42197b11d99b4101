// What somebody looks for in an instance type: how much each thing matters, and what must be there.

internal import NodeContract

/// A thing that an instance type has more or less of.
package enum FinderAspect: String, Sendable, Codable, CaseIterable {
    case cpu, memory, gpu, storage
    case localStorage = "local-storage"
    case network

    /// How much of it the type has.
    package func amount(in facts: InstanceTypeFacts) -> Double {
        switch self {
        case .cpu: Double(facts.vCPUs)
        case .memory: Double(facts.memoryMiB) / 1024
        case .gpu: Double(facts.accelerators.filter { $0.kind == .gpu }.reduce(0) { $0 + $1.totalMemoryMiB }) / 1024
        case .storage: Double(facts.ebs.baselineBandwidthMbps ?? 0)
        case .localStorage: Double(facts.instanceStore?.totalGB ?? 0)
        case .network: facts.network.totalBaselineGbps
        }
    }
}

package struct FinderQuery: Sendable, Equatable, Codable {
    /// How much each aspect matters: 0 or more, and only their proportions count. Where none does, the cheapest come first.
    package var weights: [FinderAspect: Double]
    /// How busy the vCPUs are on average, 0 to 1. A burstable type whose baseline is below that counts for less.
    package var load = 1.0
    package var leastVCPUs: Int?
    package var mostVCPUs: Int?
    package var leastMemoryGiB: Double?
    package var mostMemoryGiB: Double?
    package var leastGPUMemoryGiB: Double?
    package var features = FinderFeatures()
    /// What was seen to be used, where the wish is made of that.
    package var like: MeasuredUse?
    /// `x86_64`, `arm64`; nil: any.
    package var architecture: String?
    package var includesBurstable = false
    package var includesPreviousGeneration = false
    /// Only types of which one more fits on this cloud now.
    package var mustFit = false
    /// Every size of a family rather than one.
    package var showsEverySize = false
    package var limit = 10

    package init(weights: [FinderAspect: Double]) { self.weights = weights }

    /// What counts of the aspect for this wish: of a burstable type's vCPUs what they can give of the load for good.
    func amount(_ aspect: FinderAspect, in facts: InstanceTypeFacts) -> Double {
        guard aspect == .cpu, facts.isBurstable else { return aspect.amount(in: facts) }
        let baseline = BurstableFigures(of: facts)?.baseline ?? 0.1
        return aspect.amount(in: facts) * min(1, baseline / max(load, 0.01))
    }

    /// Whether the type has what must be there. What runs macOS is never recommended, bare metal only where it is asked for.
    func admits(_ facts: InstanceTypeFacts) -> Bool {
        let memoryGiB = FinderAspect.memory.amount(in: facts)
        return facts.processorManufacturer != "Apple" && features.admits(facts)
            && (facts.isCurrentGeneration || includesPreviousGeneration) && (!facts.isBurstable || includesBurstable)
            && (architecture.map { wanted in facts.architectures.contains { $0.rawValue == wanted } } ?? true)
            && (leastVCPUs ?? 0) <= facts.vCPUs && facts.vCPUs <= (mostVCPUs ?? .max)
            && (leastMemoryGiB ?? 0) <= memoryGiB && memoryGiB <= (mostMemoryGiB ?? .infinity)
            && (leastGPUMemoryGiB ?? 0) <= FinderAspect.gpu.amount(in: facts)
    }
}

/// Workloads by name: what matters to each, and the size that one usually begins with.
package enum Workload: String, Sendable, CaseIterable {
    case general, web, database, cache, batch, analytics
    case machineLearning = "machine-learning"

    package var query: FinderQuery {
        var query = FinderQuery(weights: weights)
        switch self {
        case .general:
            (query.leastVCPUs, query.mostVCPUs, query.leastMemoryGiB) = (2, 8, 4)
            (query.includesBurstable, query.load) = (true, 0.5)
        case .web:
            (query.leastVCPUs, query.mostVCPUs) = (2, 4)
            (query.leastMemoryGiB, query.mostMemoryGiB) = (4, 16)
            (query.includesBurstable, query.load) = (true, 0.2)
        case .database:
            (query.leastVCPUs, query.mostVCPUs) = (4, 16)
            (query.leastMemoryGiB, query.mostMemoryGiB) = (32, 64)
        case .cache:
            (query.leastVCPUs, query.mostVCPUs) = (2, 8)
            (query.leastMemoryGiB, query.mostMemoryGiB) = (16, 64)
        case .batch: (query.leastVCPUs, query.mostVCPUs) = (8, 64)
        case .analytics: (query.leastVCPUs, query.mostVCPUs, query.features.leastLocalStorageGB) = (4, 32, 500)
        case .machineLearning: (query.leastVCPUs, query.leastGPUMemoryGiB) = (4, 15)
        }
        return query
    }

    private var weights: [FinderAspect: Double] {
        switch self {
        case .general: [.cpu: 3, .memory: 3, .storage: 1, .network: 1]
        case .web: [.cpu: 4, .memory: 2, .network: 1]
        case .database: [.memory: 6, .storage: 3, .cpu: 1, .network: 1]
        case .cache: [.memory: 6, .network: 2, .cpu: 1]
        case .batch: [.cpu: 8, .memory: 1]
        case .analytics: [.localStorage: 4, .cpu: 2, .memory: 2, .network: 1]
        case .machineLearning: [.gpu: 8, .cpu: 1, .memory: 1, .network: 1]
        }
    }

    /// In plain words.
    package var meaning: String {
        switch self {
        case .general: "a bit of everything"
        case .web: "small servers that are busy a fifth of the time: processors, some memory and network"
        case .database: "memory for what is read often, bandwidth to EBS for the rest"
        case .cache: "memory first, then network"
        case .batch: "processors at full speed for hours"
        case .analytics: "data on local disks, and processors to read it"
        case .machineLearning: "GPU memory"
        }
    }
}
