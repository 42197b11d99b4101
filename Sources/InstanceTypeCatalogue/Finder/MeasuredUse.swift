// What an instance was seen to use, as a wish: the cheapest types that hold it with some room to spare.

internal import NodeContract

package struct MeasuredUse: Sendable, Equatable, Codable {
    package var instance: String
    package var instanceType: String
    package var architecture: String
    package var vCPUs: Int
    package var memoryGiB: Double
    /// Of how long a time the figures are.
    package var seconds: Double
    /// Processors that were at work on average: 0.2 is a fifth of one.
    package var busyVCPUs: Double
    package var usedMemoryGiB: Double
    /// Mbit/s, on average.
    package var diskMbps: Double
    package var networkMbps: Double

    package init(
        instance: String, instanceType: String, architecture: String, vCPUs: Int, memoryGiB: Double, seconds: Double,
        busyVCPUs: Double, usedMemoryGiB: Double, diskMbps: Double, networkMbps: Double
    ) {
        (self.instance, self.instanceType, self.architecture) = (instance, instanceType, architecture)
        (self.vCPUs, self.memoryGiB, self.seconds) = (vCPUs, memoryGiB, seconds)
        (self.busyVCPUs, self.usedMemoryGiB) = (busyVCPUs, usedMemoryGiB)
        (self.diskMbps, self.networkMbps) = (diskMbps, networkMbps)
    }

    /// What is asked for above the average that was seen.
    static let headroom = 1.25

    package var busyPercent: Int { Int((busyVCPUs / Double(max(1, vCPUs)) * 100).rounded()) }

    /// `uses 8 % of 2 vCPUs`
    var processorSentence: String { "uses \(busyPercent) % of \(vCPUs) vCPUs" }

    /// `i-… (m5.large) since 3 h ago: …`
    package var sentence: String {
        let hours = seconds / 3_600
        let age = hours >= 1 ? "\(Int(hours.rounded())) h" : "\(Int((seconds / 60).rounded(.up))) min"
        return "\(instance), a \(instanceType), in the \(age) since its machine was started: \(processorSentence), "
            + "\(usedMemoryGiB.rounded(toDigits: 1).plain) of \(memoryGiB.plain) GiB of memory, "
            + "\(diskMbps.rounded(toDigits: 1).plain) Mbit/s on its disks and "
            + "\(networkMbps.rounded(toDigits: 1).plain) on its interfaces"
    }
}

extension FinderQuery {
    /// Types that would have held what was used, the cheapest first.
    package init(holding use: MeasuredUse) {
        self.init(weights: [:])
        like = use
        architecture = use.architecture
        includesBurstable = true
        leastMemoryGiB = use.usedMemoryGiB * MeasuredUse.headroom
        features.leastSustainedVCPUs = use.busyVCPUs * MeasuredUse.headroom
        features.leastBaselineNetworkGbps = use.networkMbps * MeasuredUse.headroom / 1_000
        features.leastEBSMbps = use.diskMbps * MeasuredUse.headroom
    }
}
