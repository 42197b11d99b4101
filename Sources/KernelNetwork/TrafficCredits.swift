// What an interface may still carry beyond its baseline, in one direction: saved while it carries less, at most what
// half an hour at its peak takes.
// Follows: EC2 User Guide, "Amazon EC2 instance network bandwidth".

import NodeContract

struct TrafficCredits: Equatable, Sendable {
    /// Seconds at the peak that full credits pay for: AWS tells of 5 to 60 minutes.
    static let burstSeconds = 1_800.0

    let share: NetworkShare
    /// In bytes.
    private(set) var balance: Double
    /// What had been carried in all when it was last looked at; nil: it never was.
    private var carried: UInt64?

    /// An interface begins with all that it can save.
    init(_ share: NetworkShare) {
        self.share = share
        balance = TrafficCredits.capacity(of: share)
    }

    private static func capacity(of share: NetworkShare) -> Double {
        Double(share.peak - share.baseline) / 8 * burstSeconds
    }

    /// - Returns: bits a second that it may carry until it is looked at again, so that it never carries what it has not saved.
    mutating func look(at count: UInt64, after seconds: Double) -> Int {
        if let carried {
            let since = count < carried ? count : count - carried
            let saved = Double(share.baseline) / 8 * seconds - Double(since)
            balance = min(TrafficCredits.capacity(of: share), max(0, balance + saved))
        }
        carried = count
        return Int(min(Double(share.peak), Double(share.baseline) + balance * 8 / seconds).rounded())
    }
}
