// What a type must have or be beyond processors and memory. Bounds are nil where there is none, choices where all will do.

internal import NodeContract

package struct FinderFeatures: Sendable, Equatable, Codable {
    package var leastGPUs: Int?
    package var mostGPUs: Int?
    package var leastLocalStorageGB: Int?
    package var mostLocalStorageGB: Int?
    /// By the figure that DescribeInstanceTypes tells as network performance, be it "up to" or for good; a word is less than any.
    package var leastNetworkGbps: Double?
    package var mostNetworkGbps: Double?
    package var isBareMetal: Bool? = false
    package var isBurstable: Bool?
    package var supportsHibernation: Bool?
    /// `on-demand`, `spot`
    package var usageClass = "on-demand"
    /// `Intel`, `AMD`, `AWS`
    package var manufacturer: String?
    /// For good: of a burstable type its baseline.
    package var leastSustainedVCPUs: Double?
    package var leastBaselineNetworkGbps: Double?
    package var leastEBSMbps: Double?

    package init() {}

    func admits(_ facts: InstanceTypeFacts) -> Bool {
        facts.usageClasses.contains(usageClass)
            && facts.isBareMetal == isBareMetal ?? facts.isBareMetal
            && facts.isBurstable == isBurstable ?? facts.isBurstable
            && facts.supportsHibernation == supportsHibernation ?? facts.supportsHibernation
            && facts.processorManufacturer == manufacturer ?? facts.processorManufacturer
            && bounds(facts) && sustains(facts)
    }

    private func bounds(_ facts: InstanceTypeFacts) -> Bool {
        let (disks, network) = (facts.instanceStore?.totalGB ?? 0, facts.network.performanceGbps)
        return (leastGPUs ?? 0) <= facts.gpuCount && facts.gpuCount <= (mostGPUs ?? .max)
            && (leastLocalStorageGB ?? 0) <= disks && disks <= (mostLocalStorageGB ?? .max)
            && leastNetworkGbps.map { $0 <= network ?? -1 } ?? true
            && mostNetworkGbps.map { network ?? 0 <= $0 } ?? true
    }

    private func sustains(_ facts: InstanceTypeFacts) -> Bool {
        let share = facts.isBurstable ? BurstableFigures(of: facts)?.baseline ?? 0.1 : 1
        return (leastSustainedVCPUs ?? 0) <= share * Double(facts.vCPUs)
            && (leastBaselineNetworkGbps ?? 0) <= facts.network.totalBaselineGbps
            && leastEBSMbps.map { $0 <= FinderAspect.storage.amount(in: facts) } ?? true
    }
}

extension InstanceTypeFacts.Network {
    /// What `performance` says: 5 of `Up to 5 Gigabit`, 400 of `4x 100 Gigabit`; nil where it is a word.
    package var performanceGbps: Double? {
        let words = performance.split(separator: " ")
        guard words.last == "Gigabit", let number = words.dropLast().last.flatMap({ Double($0) }) else { return nil }
        let cards = words.first.flatMap { $0.hasSuffix("x") ? Double($0.dropLast()) : nil } ?? 1
        return cards * number
    }
}
