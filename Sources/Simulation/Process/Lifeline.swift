// The life of one simulated process of ours: counts the steps by which it changes the world, and ends at the one that
// its judge names. After the end nothing that the process still does has any effect.

package import CloudStore
package import NodeContract
import Synchronization

/// A verb of `Node` that changes the world, or that a process cannot begin without.
package enum NodeVerb: String, Sendable, Hashable, CaseIterable {
    case inventory, apply, removeNetwork, ensureVolume, deleteVolume, startGuest, powerDownGuest, killGuest, resetGuest
    case rebootGuest, forgetGuest, setMetadata, growVolume, attachVolume, detachVolume, limitVolume
    case fillVolume, holdMoment, storeSnapshot, copySnapshot, deleteSnapshot, beginSnapshot, putBlock, completeSnapshot
    case prepareSnapshot, releaseSnapshot, hibernateGuest, dropMemory, limitProcessors
}

package final class Lifeline: Sendable {
    /// What reaches beyond the process's own memory.
    package enum Step: Sendable, Hashable {
        case commit
        case verb(NodeVerb)
    }

    package typealias Moment = StoreFault.Moment

    package enum Fate: Sendable {
        case proceed
        /// The process is killed, before or after the step has taken effect.
        case die(Moment)
        /// The verb fails and the process lives. Means nothing for a commit.
        case fail(NodeError, Moment)
        /// The commit is refused and the process lives. Means nothing for a verb.
        case refuse(StoreError)
    }

    /// Decides over a step; the first of a process is 1.
    package typealias Judge = @Sendable (_ number: Int, _ step: Step) -> Fate

    private struct State {
        var isOver = false
        var steps: [Step] = []
    }

    private let state = Mutex(State())
    private let judge: Judge

    package init(judge: @escaping Judge = { _, _ in .proceed }) { self.judge = judge }

    package var isOver: Bool { state.withLock { $0.isOver } }
    /// Every step that was begun, in order.
    package var steps: [Step] { state.withLock { $0.steps } }

    package func end() { state.withLock { $0.isOver = true } }

    /// To be asked at each step; a process whose life is over takes none.
    package func enter(_ step: Step) -> Fate {
        let number: Int? = state.withLock { state in
            guard !state.isOver else { return nil }
            state.steps.append(step)
            return state.steps.count
        }
        guard let number else { return .die(.before) }
        let fate = judge(number, step)
        if case .die(.before) = fate { end() }
        return fate
    }
}
