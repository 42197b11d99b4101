// The same stories with a step that fails while the process lives: a verb of the node that fails before or after it
// has taken effect, a commit that the store has no room for.

import CloudStore
import ControlPlane
import CrashCourses
import NodeContract
import Simulation
import Testing

@Suite("A step that fails")
struct FailureMatrixTests {
    @Test("is got over, whichever it is", arguments: Scenario.chosen)
    func once(_ scenario: Scenario) {
        let steps = Play(scenario).steps
        for (place, step) in steps.enumerated() {
            for fate in Self.failures(of: step) {
                let play = Play(scenario, hostMayFail: step != .commit) { process, number, _ in
                    process == 0 && number == place + 1 ? fate : .proceed
                }
                #expect(play.faults == [], "step \(place + 1), \(step): \(fate)")
            }
        }
        Log.tell("\(scenario): each of \(steps.count) steps failed")
    }

    private static func failures(of step: Lifeline.Step) -> [Lifeline.Fate] {
        let error = NodeError.hostFailed("out of order")
        return switch step {
        case .commit: [.refuse(.full)]
        case .verb: [.fail(error, .before), .fail(error, .after)]
        }
    }

    @Test("ends what cannot be had, as AWS does, and leaves nothing of it", arguments: Self.launchVerbs)
    func always(_ verb: NodeVerb) {
        let scenario = Scenario.twoLaunches
        for error in [NodeError.hostFailed("broken"), .insufficientCapacity("no memory left")] {
            let play = Play(scenario, hostMayFail: true) { _, _, step in
                step == .verb(verb) ? .fail(error, .before) : .proceed
            }
            #expect(play.faults == [], "\(error)")
            let instances = play.recordsAfterEvents.instances.all
            #expect(instances.count == 2)
            let reason: InstanceStateReason = error == .hostFailed("broken") ? .internalError : .insufficientCapacity
            for instance in instances {
                #expect(instance.state == .terminated)
                #expect(instance.stateReason == reason)
            }
        }
    }

    private static let launchVerbs: [NodeVerb] = [.apply, .ensureVolume, .setMetadata, .startGuest]
}
