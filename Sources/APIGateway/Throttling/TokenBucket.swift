// One bucket of tokens: full at first, refilled steadily, never beyond its size.

package import CloudTypes

package struct TokenBucket: Sendable, Equatable {
    package let rate: RequestRate
    private var tokens: Double
    private var asOf: Timestamp

    package init(_ rate: RequestRate, full now: Timestamp) {
        (self.rate, tokens, asOf) = (rate, rate.size, now)
    }

    /// Whether so many tokens are there. A clock that goes back takes none away and brings none.
    package func holds(_ count: Double, at now: Timestamp) -> Bool { level(at: now) >= count }

    package mutating func take(_ count: Double, at now: Timestamp) {
        (tokens, asOf) = (level(at: now) - count, max(now, asOf))
    }

    /// Whether it says no more than a new one would.
    package func isFull(at now: Timestamp) -> Bool { level(at: now) >= rate.size }

    private func level(at now: Timestamp) -> Double {
        min(rate.size, tokens + max(0, now.seconds(since: asOf)) * rate.perSecond)
    }
}
