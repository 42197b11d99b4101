// The crash matrix: every step by which a story changes store or host is the one at which the process is killed, before
// the step has taken effect and after. `APUS_STORY=hibernat` plays the stories alone that are called so.

import CrashCourses
import Simulation
import Testing

@Suite("A process killed at any step")
struct CrashMatrixTests {
    @Test("leaves nothing behind, does nothing twice and loses nothing promised", arguments: Scenario.chosen)
    func killed(_ scenario: Scenario) {
        let undisturbed = Play(scenario)
        #expect(undisturbed.faults == [], "undisturbed")
        #expect(undisturbed.processCount == 1)
        if let refusals = scenario.refusals { #expect(undisturbed.refusals == refusals) }
        for (place, step) in undisturbed.steps.enumerated() {
            for moment in Lifeline.Moment.allCases {
                let play = Play(scenario) { process, number, _ in
                    process == 0 && number == place + 1 ? .die(moment) : .proceed
                }
                #expect(play.faults == [], "killed \(moment) step \(place + 1), \(step)")
                #expect(play.processCount == 2)
            }
        }
        Log.tell("\(scenario): killed before and after each of \(undisturbed.steps.count) steps")
    }

    @Test("may be killed again at any step of its recovery")
    func killedTwice() {
        let scenario = Scenario.shortLife
        var pairs = 0
        for first in 1...Play(scenario).steps.count {
            for moment in Lifeline.Moment.allCases {
                var second = 1
                while true {
                    let place = second
                    let play = Play(scenario) { process, number, _ in
                        (process == 0 && number == first) || (process == 1 && number == place) ? .die(moment) : .proceed
                    }
                    #expect(play.faults == [], "killed \(moment) step \(first), then \(moment) step \(second)")
                    guard play.processCount == 3 else { break }
                    (second, pairs) = (second + 1, pairs + 1)
                }
            }
        }
        Log.tell("\(scenario): killed twice, \(pairs) pairs of steps")
    }

    @Test("goes on with each saved memory, and with each once")
    func hibernated() {
        let scenario = Scenario.hibernation
        let undisturbed = Play(scenario)
        #expect(undisturbed.resumptionCount == 2)
        for (place, step) in undisturbed.steps.enumerated() {
            for moment in Lifeline.Moment.allCases {
                let play = Play(scenario) { process, number, _ in
                    process == 0 && number == place + 1 ? .die(moment) : .proceed
                }
                #expect(play.resumptionCount == 2, "killed \(moment) step \(place + 1), \(step)")
            }
        }
        #expect(Play(.hibernationInDoubt).resumptionCount == 0)
    }
}
