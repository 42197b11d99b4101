import BlockStore
import Testing

@testable import NodeAgent

@Suite("The pace at which a guest's moment is read")
struct PaceTests {
    private let rate = 64 << 20

    @Test("leaves a guest alone nine times as long as it took to answer")
    func share() {
        #expect(Pace.rest(after: .microseconds(400), upTo: rate) == .microseconds(3_600))
        #expect(Pace.rest(after: .milliseconds(3), upTo: rate) == .milliseconds(27))
    }

    @Test("never falls below a quarter of the rate")
    func least() {
        let longest = Pace.rest(after: .seconds(60), upTo: rate)
        #expect(longest == .milliseconds(31.25))
        #expect(Double(Block.byteCount) / 0.031_25 == Double(rate) / 4)
    }
}
