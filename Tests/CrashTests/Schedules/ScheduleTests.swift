// Courses of events by chance: kills, failures, ends of guests and orders of two clients, in any order of their jobs.
// `APUS_SEED=n` plays one course again. Many long ones are quicker played by the optimised player:
// `APUS_SEEDS=10000 APUS_OPERATIONS=100 swift run -c release crash-course-player`.

import CrashCourses
import Simulation
import Testing

@Suite("Whatever happens")
struct ScheduleTests {
    private static let operations = Effort.number("APUS_OPERATIONS", otherwise: 20)
    private static let seeds = Effort.number("APUS_SEEDS", otherwise: 1_000)
    private static let parts = 8

    /// Several parts, so that they share the host's processors.
    @Test("a cloud comes to rest as promised", arguments: 0..<Self.parts)
    func anything(part: Int) {
        let alone = Effort.number("APUS_SEED", otherwise: -1)
        guard alone < 0 else {
            if part == 0 { play(UInt64(alone)) }
            return
        }
        for seed in stride(from: part, to: Self.seeds, by: Self.parts) { play(UInt64(seed)) }
    }

    /// A launch failed though its guest ran, and so did its end; the news of both came after the launch's second try.
    @Test("a course that once found a fault finds none", arguments: [20_934] as [UInt64])
    func formerFault(seed: UInt64) { play(seed, operations: 100) }

    private func play(_ seed: UInt64, operations: Int = Self.operations) {
        if let complaint = Schedule.complaint(seed: seed, operations: operations) {
            Issue.record("\(complaint)")
        }
    }

    @Test("the same seed is the same course, to the last job and the last byte")
    func again() {
        for seed in [3, 7, 11, 42] as [UInt64] {
            let (first, second) = (Schedule(seed: seed, operations: 20), Schedule(seed: seed, operations: 20))
            #expect(first.rig.executor.jobCount == second.rig.executor.jobCount)
            #expect(first.rig.contents.records == second.rig.contents.records)
            #expect(first.clients.map(\.history) == second.clients.map(\.history))
        }
    }
}
