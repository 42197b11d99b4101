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

    @Test("last for 33 minutes of 3,000 operations a second at a baseline of 300, and then for the baseline")
    func exhaustion() {
        var bucket = CreditBucket(burst, source: "a", at: 0)
        var (seconds, counter) = (0.0, Int64(0))
        while limits.paid(by: bucket, lookingEvery: 10).iops == 3_000 {
            (seconds, counter) = (seconds + 10, counter + 30_000)
            bucket.note(counter, of: "a", burst, at: seconds)
        }
        #expect(abs(seconds - 2_000) <= 20)
        for _ in 0..<3 {
            let rate = limits.paid(by: bucket, lookingEvery: 10).iops ?? 0
            (seconds, counter) = (seconds + 10, counter + Int64(rate) * 10)
            bucket.note(counter, of: "a", burst, at: seconds)
        }
        #expect(bucket.balance == 0)
        #expect(limits.paid(by: bucket, lookingEvery: 10).iops == 300)
    }

    @Test("come back while less than the baseline is done, and never beyond the bucket")
    func refill() {
        var bucket = CreditBucket(burst, source: "a", at: 0)
        bucket.note(5_400_000, of: "a", burst, at: 0)
        #expect(bucket.balance == 0)
        bucket.note(5_400_000, of: "a", burst, at: 60)
        #expect(bucket.balance == 18_000 && !bucket.isFull(burst, at: 60))
        #expect(limits.paid(by: bucket, lookingEvery: 10).iops == 2_100)
        #expect(bucket.isFull(burst, at: 60 + 5_382_000 / 300))
        bucket.note(5_400_000, of: "a", burst, at: 1e9)
        #expect(bucket.balance == 5_400_000)
    }

    @Test("count what is done in each guest once, also where the counter begins anew or the clock is set back")
    func counters() {
        var bucket = CreditBucket(burst, source: "a", at: 100)
        bucket.note(1_000_000, of: "a", burst, at: 100)
        bucket.note(1_000_000, of: "b", burst, at: 100)
        bucket.note(400_000, of: "b", burst, at: 100)
        bucket.note(400_000, of: "b", burst, at: 0)
        #expect(bucket.balance == 3_000_000)
    }

    @Test("are bytes for throughput, and large operations count as several")
    func units() {
        let bytes = DiskLimits(
            bytesPerSecond: 250 << 20, operationBytes: 1 << 20,
            burst: .init(unit: .bytes, baseline: 40 << 20, capacity: 1 << 40))
        var bucket = CreditBucket(bytes.burst!, source: "a", at: 0)
        #expect(bytes.paid(by: bucket, lookingEvery: 10).bytesPerSecond == 250 << 20)
        bucket.note(1 << 40, of: "a", bytes.burst!, at: 0)
        #expect(bytes.paid(by: bucket, lookingEvery: 10).bytesPerSecond == 40 << 20)
        var counters = DiskCounters()
        (counters.readOperations, counters.readBytes) = (1, 1 << 20)
        #expect(counters.spent(limits, burst) == 4 && counters.spent(bytes, bytes.burst!) == 1 << 20)
    }

    @Test("are remembered over a restart of ours, but for buckets that are full")
    func ledger() async throws {
        let path = NSTemporaryDirectory() + "apus-credits-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (spender, idler) = (try #require(VolumeID("vol-0000000a")), try #require(VolumeID("vol-0000000b")))
        let first = CreditLedger(path: path)
        _ = await first.settle(spender, 5_400_000, of: "a", burst, at: 0)
        _ = await first.settle(idler, 0, of: "a", burst, at: 0)
        try await first.save(at: 0)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("vol-0000000a") && !text.contains("vol-0000000b"))
        let second = CreditLedger(path: path)
        #expect(await second.settle(spender, 5_400_000, of: "a", burst, at: 10).balance == 3_000)
        #expect(await second.settle(idler, 0, of: "a", burst, at: 10).balance == 5_400_000)
    }
}
