import APIGateway
import CloudTypes
import Testing

@Suite("A bucket of tokens")
struct TokenBucketTests {
    private let start = Timestamp(milliseconds: 1_000_000)
    private var bucket: TokenBucket

    init() { bucket = TokenBucket(RequestRate(10, 2), full: start) }

    @Test("is full at first and gives what it has")
    mutating func full() {
        #expect(bucket.holds(10, at: start))
        #expect(!bucket.holds(11, at: start))
        bucket.take(10, at: start)
        #expect(!bucket.holds(1, at: start))
    }

    @Test("fills steadily, also by parts of a token, up to its size")
    mutating func refill() {
        bucket.take(10, at: start)
        #expect(!bucket.holds(1, at: start.adding(seconds: 0.4)))
        #expect(bucket.holds(1, at: start.adding(seconds: 0.5)))
        #expect(bucket.holds(9, at: start.adding(seconds: 4.5)))
        #expect(!bucket.isFull(at: start.adding(seconds: 4.9)))
        #expect(bucket.isFull(at: start.adding(seconds: 5)))
        #expect(!bucket.holds(11, at: start.adding(seconds: 3_600)))
    }

    @Test("loses and gains nothing by a clock that goes back")
    mutating func backwards() {
        bucket.take(4, at: start)
        #expect(bucket.holds(6, at: start.adding(seconds: -60)))
        bucket.take(6, at: start.adding(seconds: -60))
        #expect(!bucket.holds(1, at: start))
        #expect(bucket.holds(2, at: start.adding(seconds: 1)))
    }
}
