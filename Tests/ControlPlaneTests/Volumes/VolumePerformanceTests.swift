import NodeContract
import Testing

@testable import ControlPlane

@Suite("What a volume may do in a second")
struct VolumePerformanceTests {
    @Test(
        "follows from its type, its size and what was asked for",
        arguments: [
            ("gp3", 10, nil, nil, 3_000, 125), ("gp3", 100, 6_000, 500, 6_000, 500), ("gp2", 10, nil, nil, 3_000, 128),
            ("gp2", 2_000, nil, nil, 6_000, 250), ("gp2", 10_000, nil, nil, 16_000, 250),
            ("io1", 100, 1_000, nil, 1_000, 250), ("io1", 1_000, 20_000, nil, 20_000, 500),
            ("io1", 2_000, 64_000, nil, 64_000, 1_000), ("io2", 1_000, 100_000, nil, 100_000, 4_000),
            ("st1", 1_024, nil, nil, 500, 250), ("st1", 16_384, nil, nil, 500, 500), ("sc1", 1_024, nil, nil, 250, 80),
        ] as [(String, Int, Int?, Int?, Int, Int)])
    func figures(type: String, size: Int, iops: Int?, throughput: Int?, expectedIOPS: Int, expectedMiB: Int) {
        let performance = VolumePerformance(
            VolumeFigures(volumeType: type, sizeGiB: size, iops: iops, throughput: throughput))
        #expect(performance.iops == expectedIOPS && performance.throughputMiB == expectedMiB)
        #expect(performance.limits.bytesPerSecond == expectedMiB << 20)
    }

    @Test("is less without credits, for the types that burst")
    func bursts() {
        func limits(_ type: String, _ size: Int) -> DiskLimits {
            VolumePerformance(VolumeFigures(volumeType: type, sizeGiB: size)).limits
        }
        #expect(limits("gp2", 100).burst == .init(unit: .operations, baseline: 300, capacity: 5_400_000))
        #expect(limits("gp2", 100).withoutCredits.iops == 300)
        #expect(limits("gp2", 1_000).burst == nil && limits("gp3", 100).burst == nil)
        #expect(limits("st1", 1_024).withoutCredits.bytesPerSecond == 40 << 20)
        #expect(limits("st1", 1_024).burst?.capacity == 1 << 40)
        #expect(limits("st1", 16_384).burst == nil)
        #expect(limits("sc1", 2_048).withoutCredits.bytesPerSecond == 24 << 20)
        #expect(limits("st1", 500).operationBytes == 1 << 20 && limits("gp3", 1).operationBytes == 256 << 10)
    }

    @Test("is bounded by the instance's type, of which small ones keep their maximum for half an hour a day")
    func instanceTypes() throws {
        let small = try #require(DiskLimits(ofInstanceType: "t3.micro"))
        #expect(small.iops == 11_800 && small.bytesPerSecond == 260_625_000)
        #expect(small.burst == .init(unit: .operations, baseline: 500, capacity: 11_300 * 1_800, grant: 236))
        #expect(small.otherBurst?.unit == .bytes && small.otherBurst?.capacity == 249_750_000 * 1_800)
        #expect(small.withoutCredits == DiskLimits(iops: 500, bytesPerSecond: 10_875_000))
        let large = try #require(DiskLimits(ofInstanceType: "c5.9xlarge"))
        #expect(large.iops == 40_000 && large.bursts.isEmpty)
        #expect(DiskLimits(ofInstanceType: "none.such") == nil)
    }
}
