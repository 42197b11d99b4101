// The credits of one volume, or of one guest, that bursts: what it earned by doing less than its baseline, and spends by
// doing more.
// Pure. Source: EBS User Guide, "gp2 I/O credits and burst performance", "Throughput credits and burst performance".

import NodeContract

struct CreditBucket: Codable, Equatable, Sendable {
    /// Units of the burst: operations or bytes.
    private(set) var balance: Double
    /// Seconds since 1970.
    private(set) var moment: Double
    /// The counters that were read last, each of one disk in one run of a guest.
    private var counters: [String: Int64] = [:]

    /// A new one begins with all of its credits.
    ///
    /// - Parameter before: what counters read before anything that counts.
    init(_ burst: DiskLimits.Burst, at moment: Double, before: [String: Int64] = [:]) {
        (balance, self.moment, counters) = (Double(burst.capacity), moment, before)
    }

    /// Takes in what was done by now, by counters of which each starts anew with each plugging in.
    mutating func note(_ counters: [String: Int64], _ burst: DiskLimits.Burst, at moment: Double) {
        let done = counters.reduce(0.0) { sum, one in
            let before = self.counters[one.key] ?? 0
            return sum + Double(one.value >= before ? one.value - before : one.value)
        }
        // A clock that is set back earns nothing.
        let earned = max(0, moment - self.moment) * CreditBucket.income(burst)
        balance = min(Double(burst.capacity), max(0, balance + earned - done))
        (self.moment, self.counters) = (moment, counters)
    }

    /// Units a second.
    private static func income(_ burst: DiskLimits.Burst) -> Double { Double(burst.baseline + (burst.grant ?? 0)) }

    /// Units a second until the next look: as many as the credits pay for, no less than the baseline.
    func rate(upTo most: Int, _ burst: DiskLimits.Burst, lookingEvery interval: Double) -> Int {
        min(most, max(1, burst.baseline + Int(balance / interval)))
    }

    /// Whether it would be full by now with nothing done: such a bucket need not be remembered.
    func isFull(_ burst: DiskLimits.Burst, at moment: Double) -> Bool {
        balance + max(0, moment - self.moment) * CreditBucket.income(burst) >= Double(burst.capacity)
    }
}

extension DiskLimits {
    /// As much of a burst's unit as they let through.
    func most(of unit: Burst.Unit, in seconds: Double) -> Int64 {
        switch unit {
        case .operations: Int64(Double(iops ?? 0) * seconds)
        case .bytes: Int64(Double(bytesPerSecond ?? 0) * seconds)
        }
    }

    /// As much of the burst's unit as its credits pay for until the next look.
    mutating func pay(_ burst: Burst, by bucket: CreditBucket, lookingEvery interval: Double) {
        switch burst.unit {
        case .operations: iops = iops.map { bucket.rate(upTo: $0, burst, lookingEvery: interval) }
        case .bytes: bytesPerSecond = bytesPerSecond.map { bucket.rate(upTo: $0, burst, lookingEvery: interval) }
        }
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
