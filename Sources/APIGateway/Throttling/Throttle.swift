// What keeps one account's requests from crowding out the others': buckets of tokens, by account and action.
// Knows no clock: each request brings its time.

package import CloudTypes
internal import Synchronization

package final class Throttle: Sendable {
    private let factor: Double
    private let buckets = Mutex<[Key: TokenBucket]>([:])

    private struct Key: Hashable {
        let account: AccountID
        let bucket: String
    }

    /// - Parameter factor: how many times AWS's own rates.
    package init(factor: Double) { self.factor = factor }

    /// Takes all that a request costs, or nothing.
    ///
    /// - Throws: the refusal of the first cost that its bucket does not hold; clients try again by themselves.
    package func admit(_ costs: [RequestCost], of account: AccountID, at now: Timestamp) throws(EC2Error) {
        let refusal: EC2Error? = buckets.withLock { buckets in
            if buckets.count > Throttle.many { buckets = buckets.filter { !$0.value.isFull(at: now) } }
            let asked = costs.map { cost in
                let key = Key(account: account, bucket: cost.bucket)
                return (key, cost.tokens, buckets[key] ?? TokenBucket(cost.rate.times(factor), full: now))
            }
            if let lacking = asked.firstIndex(where: { !$2.holds($1, at: now) }) { return costs[lacking].refusal }
            for (key, tokens, var bucket) in asked {
                bucket.take(tokens, at: now)
                buckets[key] = bucket
            }
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Buckets that are kept without asking whether they still say anything.
    private static let many = 10_000
}
