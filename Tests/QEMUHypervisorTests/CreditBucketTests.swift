import CloudTypes
import Foundation
import NodeContract
import Testing

@testable import QEMUHypervisor

@Suite("Credits of a volume that bursts")
struct CreditBucketTests {
    private let burst = DiskLimits.Burst(unit: .operations, baseline: 300, capacity: 5_400_000)
    private let limits = DiskLimits(
        iops: 3_000, burst: .init(unit: .operations, baseline: 300, capacity: 5_400_000))

    private func paid(_ limits: DiskLimits, by bucket: CreditBucket) -> DiskLimits {
        var paid = limits
        for burst in limits.bursts { paid.pay(burst, by: bucket, lookingEvery: 10) }
        return paid
    }

    private func counters(operations: Int64) -> DiskCounters {
        var counters = DiskCounters()
        counters.readOperations = operations
        return counters
    }

    @Test("last for 33 minutes of 3,000 operations a second at a baseline of 300, and then for the baseline")
    func exhaustion() {
        var bucket = CreditBucket(burst, at: 0)
        var (seconds, counter) = (0.0, Int64(0))
        while paid(limits, by: bucket).iops == 3_000 {
            (seconds, counter) = (seconds + 10, counter + 30_000)
            bucket.note(["a": counter], burst, at: seconds)
        }
        #expect(abs(seconds - 2_000) <= 20)
        for _ in 0..<3 {
            let rate = paid(limits, by: bucket).iops ?? 0
            (seconds, counter) = (seconds + 10, counter + Int64(rate) * 10)
            bucket.note(["a": counter], burst, at: seconds)
        }
        #expect(bucket.balance == 0)
        #expect(paid(limits, by: bucket).iops == 300)
    }

    @Test("come back while less than the baseline is done, and never beyond the bucket")
    func refill() {
        var bucket = CreditBucket(burst, at: 0)
        bucket.note(["a": 5_400_000], burst, at: 0)
        #expect(bucket.balance == 0)
        bucket.note(["a": 5_400_000], burst, at: 60)
        #expect(bucket.balance == 18_000 && !bucket.isFull(burst, at: 60))
        #expect(paid(limits, by: bucket).iops == 2_100)
        #expect(bucket.isFull(burst, at: 60 + 5_382_000 / 300))
        bucket.note(["a": 5_400_000], burst, at: 1e9)
        #expect(bucket.balance == 5_400_000)
    }

    @Test("come back in a day where the whole baseline is used, if some are granted")
    func grant() {
        let burst = DiskLimits.Burst(unit: .operations, baseline: 500, capacity: 8_640_000, grant: 100)
        var bucket = CreditBucket(burst, at: 0)
        bucket.note(["a": 8_640_000], burst, at: 0)
        bucket.note(["a": 8_640_000 + 500 * 86_400], burst, at: 86_400)
        #expect(bucket.balance == 8_640_000 && bucket.isFull(burst, at: 86_400))
    }

    @Test("count what is done in each guest once, also where the counter begins anew or the clock is set back")
    func counters() {
        var bucket = CreditBucket(burst, at: 100)
        bucket.note(["a": 1_000_000], burst, at: 100)
        bucket.note(["b": 1_000_000], burst, at: 100)
        bucket.note(["b": 400_000], burst, at: 100)
        bucket.note(["b": 400_000], burst, at: 0)
        #expect(bucket.balance == 3_000_000)
    }

    @Test("count what is done on each of several disks once, also where one leaves and another comes")
    func disks() {
        var bucket = CreditBucket(burst, at: 0)
        bucket.note(["a": 1_000_000, "b": 500_000], burst, at: 0)
        bucket.note(["a": 1_100_000], burst, at: 0)
        bucket.note(["a": 1_100_000, "c": 300_000], burst, at: 0)
        #expect(bucket.balance == 3_500_000)
    }

    @Test("are bytes for throughput, and large operations count as several")
    func units() {
        let bytes = DiskLimits(
            bytesPerSecond: 250 << 20, operationBytes: 1 << 20,
            burst: .init(unit: .bytes, baseline: 40 << 20, capacity: 1 << 40))
        var bucket = CreditBucket(bytes.burst!, at: 0)
        #expect(paid(bytes, by: bucket).bytesPerSecond == 250 << 20)
        bucket.note(["a": 1 << 40], bytes.burst!, at: 0)
        #expect(paid(bytes, by: bucket).bytesPerSecond == 40 << 20)
        var counters = DiskCounters()
        (counters.readOperations, counters.readBytes) = (1, 1 << 20)
        #expect(counters.spent(limits, burst) == 4 && counters.spent(bytes, bytes.burst!) == 1 << 20)
    }

    @Test("are remembered over a restart of ours, but for buckets that are full; a guest's are of both units")
    func ledger() async throws {
        let path = NSTemporaryDirectory() + "apus-credits-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        func paid(
            _ limits: DiskLimits, _ name: String, _ operations: Int64, by ledger: CreditLedger, at moment: Double
        )
            async -> DiskLimits
        {
            await ledger.settle(
                limits, of: name, ["a": counters(operations: operations)], at: moment, lookingEvery: 10)
        }
        let both = DiskLimits(
            iops: 3_000, bytesPerSecond: 100 << 20, burst: burst,
            otherBurst: .init(unit: .bytes, baseline: 10 << 20, capacity: 1 << 40))
        let first = CreditLedger(path: path)
        _ = await paid(limits, "vol-0000000a", 0, by: first, at: 0)
        _ = await paid(both, "i-0000000a", 0, by: first, at: 0)
        #expect(await paid(limits, "vol-0000000a", 5_400_000, by: first, at: 0).iops == 300)
        #expect(await paid(limits, "vol-0000000b", 0, by: first, at: 0).iops == 3_000)
        let spent = await paid(both, "i-0000000a", 5_400_000, by: first, at: 0)
        #expect(spent.iops == 300 && spent.bytesPerSecond == 100 << 20)
        try await first.save(at: 0)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("vol-0000000a") && text.contains("i-0000000a") && !text.contains("vol-0000000b"))
        let second = CreditLedger(path: path)
        #expect(await paid(limits, "vol-0000000a", 5_400_000, by: second, at: 10).iops == 600)
        // What it did before, while it had all of its credits, is not paid once more.
        #expect(await paid(limits, "vol-0000000b", 9_000_000, by: second, at: 10).iops == 3_000)
        #expect(await paid(both, "i-0000000a", 5_400_000, by: second, at: 10).iops == 600)
    }
}
