// What a volume of each type may do in a second, and the credits of those that burst.
// Source: EBS User Guide, "Amazon EBS General Purpose SSD volumes", "Provisioned IOPS SSD volumes", "Throughput
// Optimized HDD and Cold HDD volumes", "I/O characteristics and monitoring"; EC2 User Guide, "EBS-optimized instance
// types".

internal import InstanceTypeCatalogue
package import NodeContract

package struct VolumePerformance: Sendable, Equatable {
    /// Operations a second, while there are credits.
    package let iops: Int
    /// MiB a second, while there are credits.
    package let throughputMiB: Int
    package let burst: DiskLimits.Burst?
    /// One operation counts for as many bytes at most.
    package let operationBytes: Int

    package init(_ figures: VolumeFigures) {
        let size = figures.sizeGiB
        switch figures.volumeType {
        case "gp3":
            self.init(iops: figures.iops ?? 3_000, throughputMiB: figures.throughput ?? 125)
        case "gp2":
            let baseline = figures.iops ?? min(16_000, max(100, 3 * size))
            // 5.4 million credits, enough for 3,000 a second over half an hour; larger volumes do that for ever.
            let burst = DiskLimits.Burst(unit: .operations, baseline: baseline, capacity: 5_400_000)
            self.init(
                iops: max(3_000, baseline), throughputMiB: size <= 170 ? 128 : 250,
                burst: baseline < 3_000 ? burst : nil)
        case "io1":
            // 500 MiB/s up to 32,000 operations a second, 16 KiB for each above.
            let iops = figures.iops ?? 100
            self.init(iops: iops, throughputMiB: min(1_000, max(min(500, max(1, iops / 4)), iops / 64)))
        case "io2":
            let iops = figures.iops ?? 100
            self.init(iops: iops, throughputMiB: min(4_000, max(1, iops / 4)))
        case "st1": self.init(sizeGiB: size, iops: 500, perTiB: 40, burstPerTiB: 250, most: 500)
        case "sc1": self.init(sizeGiB: size, iops: 250, perTiB: 12, burstPerTiB: 80, most: 250)
        default: self.init(iops: 200, throughputMiB: 90)
        }
    }

    private init(iops: Int, throughputMiB: Int, burst: DiskLimits.Burst? = nil) {
        (self.iops, self.throughputMiB, self.burst) = (iops, throughputMiB, burst)
        operationBytes = 256 << 10
    }

    /// A volume whose throughput grows with its size: it fills a bucket of 1 TiB for each TiB of its own.
    private init(sizeGiB: Int, iops: Int, perTiB: Int, burstPerTiB: Int, most: Int) {
        let baseline = min(most, max(1, perTiB * sizeGiB / 1_024))
        (self.iops, throughputMiB) = (iops, min(most, max(1, burstPerTiB * sizeGiB / 1_024)))
        burst =
            baseline < throughputMiB
            ? DiskLimits.Burst(unit: .bytes, baseline: baseline << 20, capacity: sizeGiB << 30) : nil
        operationBytes = 1 << 20
    }

    package var limits: DiskLimits {
        DiskLimits(iops: iops, bytesPerSecond: throughputMiB << 20, operationBytes: operationBytes, burst: burst)
    }
}

extension DiskLimits {
    /// What the instance type lets all of its volumes do together; nil where the catalogue tells no figures. A type whose
    /// baseline is less than its maximum keeps the maximum for half an hour, once a day at least.
    init?(ofInstanceType name: String) {
        guard let ebs = InstanceTypeCatalogue.facts(of: name)?.ebs else { return nil }
        guard ebs.maximumIOPS != nil || ebs.maximumThroughput != nil else { return nil }
        let bytes = { (megabytes: Double) in Int(megabytes * 1_000_000) }
        let (most, mostBytes) = (ebs.maximumIOPS, ebs.maximumThroughput.map(bytes))
        self.init(iops: most, bytesPerSecond: mostBytes)
        burst = DiskLimits.daily(.operations, from: ebs.baselineIOPS, to: most)
        otherBurst = DiskLimits.daily(.bytes, from: ebs.baselineThroughput.map(bytes), to: mostBytes)
    }

    private static func daily(_ unit: Burst.Unit, from baseline: Int?, to most: Int?) -> Burst? {
        guard let baseline, let most, baseline < most else { return nil }
        let capacity = (most - baseline) * 1_800
        // Also where nothing below the baseline is left unused the bucket is full again after a day.
        return Burst(unit: unit, baseline: baseline, capacity: capacity, grant: (capacity + 86_399) / 86_400)
    }
}
