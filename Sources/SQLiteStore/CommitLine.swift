// Commits waiting in line for the writing thread. Whoever submits never waits; the thread takes all there are at once.

import CloudStore
import Synchronization

struct PendingCommit: Sendable {
    let ticket: CommitTicket
    let writes: [RecordWrite]
    let preconditions: [Precondition]
    let predecessor: CommitTicket?
}

/// The line, first in first out.
final class CommitLine: Sendable {
    private struct State {
        var waiting: [PendingCommit] = []
        var isBeingServed = false
        var isClosed = false
    }

    enum Entry {
        /// The thread that serves the line has to be called.
        case callServer
        case inLine
        case refused
    }

    private let state = Mutex(State())

    func enter(_ commit: PendingCommit) -> Entry {
        state.withLock { state in
            if state.isClosed { return .refused }
            state.waiting.append(commit)
            if state.isBeingServed { return .inLine }
            state.isBeingServed = true
            return .callServer
        }
    }

    /// All commits in line; none: the server may go, and is called when one comes.
    func takeAll() -> [PendingCommit] {
        state.withLock { state in
            if state.waiting.isEmpty { state.isBeingServed = false }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// Lets nobody else in.
    func close() { state.withLock { $0.isClosed = true } }

    var isClosed: Bool { state.withLock { $0.isClosed } }
}
