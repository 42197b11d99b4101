import Testing

@testable import KernelNetwork

@Suite("What went through interfaces")
struct TrafficTests {
    private let table = """
        Inter-|   Receive                                                |  Transmit
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier
            lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0
          e123: 1000000      10    0    0    0     0          0         0  2000000      20    0    0    0     0       0
          e456:      30       1    0    0    0     0          0         0        4       1    0    0    0     0       0
        """

    @Test("is what came in and what went out, of those that are asked for")
    func sums() {
        #expect(Traffic.bytes(of: ["e123", "e456"], inTable: table) == 3_000_034)
        #expect(Traffic.bytes(of: ["e456", "e9"], inTable: table) == 34)
        #expect(Traffic.bytes(of: ["e123"], inTable: "") == 0)
    }
}
