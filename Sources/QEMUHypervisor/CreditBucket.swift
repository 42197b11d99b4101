// The credits of one volume that bursts: what it earned by doing less than its baseline, and spends by doing more.
// Pure. Source: EBS User Guide, "gp2 I/O credits and burst performance", "Throughput credits and burst performance".

import NodeContract

struct CreditBucket: Codable, Equatable, Sendable {
    /// Units of the volume's burst: operations or bytes.
    private(set) var balance: Double
    /// Seconds since 1970.
    private(set) var moment: Double
    /// The run of a guest whose counter was read last, and the counter.
    private var source: String
    private var counter: Int64

    /// A new volume begins with all of its credits.
    init(_ burst: DiskLimits.Burst, source: String, at moment: Double) {
        (balance, self.moment) = (Double(burst.capacity), moment)
        (self.source, counter) = (source, 0)
    }

    /// Takes in what was done by now: a counter that starts anew with each plugging in.
    mutating func note(_ counter: Int64, of source: String, _ burst: DiskLimits.Burst, at moment: Double) {
        let isContinued = source == self.source && counter >= self.counter
        let done = isContinued ? counter - self.counter : counter
        // A clock that is set back earns nothing.
        let earned = max(0, moment - self.moment) * Double(burst.baseline)
        balance = min(Double(burst.capacity), max(0, balance + earned - Double(done)))
        (self.moment, self.source, self.counter) = (moment, source, counter)
    }

    /// Units a second until the next look: as many as the credits pay for, no less than the baseline.
    func rate(upTo most: Int, _ burst: DiskLimits.Burst, lookingEvery interval: Double) -> Int {
        min(most, max(1, burst.baseline + Int(balance / interval)))
    }

    /// Whether it would be full by now with nothing done: such a bucket need not be remembered.
    func isFull(_ burst: DiskLimits.Burst, at moment: Double) -> Bool {
        balance + max(0, moment - self.moment) * Double(burst.baseline) >= Double(burst.capacity)
    }
}

extension DiskLimits {
    /// The limits with as much as the credits pay for until the next look.
    func paid(by bucket: CreditBucket, lookingEvery interval: Double) -> DiskLimits {
        guard let burst else { return self }
        var limits = self
        switch burst.unit {
        case .operations: limits.iops = iops.map { bucket.rate(upTo: $0, burst, lookingEvery: interval) }
        case .bytes:
            limits.bytesPerSecond = bytesPerSecond.map { bucket.rate(upTo: $0, burst, lookingEvery: interval) }
        }
        return limits
    }
}

/// What a guest has done on a disk since it was plugged in.
package struct DiskCounters: Sendable, Equatable {
    package var readOperations: Int64 = 0
    package var writeOperations: Int64 = 0
    package var readBytes: Int64 = 0
    package var writtenBytes: Int64 = 0
    package init() {}

    /// In the unit of credits; an operation of more bytes counts as several.
    func spent(_ limits: DiskLimits, _ burst: DiskLimits.Burst) -> Int64 {
        let bytes = readBytes + writtenBytes
        return switch burst.unit {
        case .bytes: bytes
        case .operations: max(readOperations + writeOperations, bytes / Int64(max(1, limits.operationBytes)))
        }
    }
}
