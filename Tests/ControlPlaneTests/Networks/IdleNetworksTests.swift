import CloudTypes
import ControlPlane
import Testing

@Suite("A network that nobody is on")
struct IdleNetworksTests {
    private let vpc = VPCID("vpc-0123456789abcdef0")!
    private let start = Timestamp(milliseconds: 1_795_000_000_000)

    @Test("is kept from when it was first seen so, however often it is looked at")
    func kept() {
        var idle = IdleNetworks(keptSeconds: 60)
        let deadline = start.adding(seconds: 60)
        #expect(idle.deadline(of: vpc, at: start) == deadline)
        #expect(idle.deadline(of: vpc, at: start.adding(seconds: 59)) == deadline)
        #expect(idle.deadline(of: vpc) == deadline)
        #expect(idle.deadline(of: vpc, at: deadline) == nil)
    }

    @Test("counts anew once somebody was on it")
    func forgotten() {
        var idle = IdleNetworks(keptSeconds: 60)
        _ = idle.deadline(of: vpc, at: start)
        idle.forget(vpc)
        #expect(idle.deadline(of: vpc) == nil)
        let later = start.adding(seconds: 100)
        #expect(idle.deadline(of: vpc, at: later) == later.adding(seconds: 60))
    }

    @Test("goes at once where none is kept")
    func none() {
        var idle = IdleNetworks(keptSeconds: 0)
        #expect(idle.deadline(of: vpc, at: start) == nil)
    }
}
