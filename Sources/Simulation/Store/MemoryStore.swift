// The store for tests and for `apus up --simulate`: the contract of `CloudStore` in memory, with faults on demand.
// What a store kept outlives it in `Contents`, as files outlive a process.

package import CloudStore
import Synchronization

/// Keeps records in memory. A commit is made within `submit`, unless a fault delays it.
package final class MemoryStore: CloudStore {
    /// What survives a store: open a second one on it to see what a restarted process would find.
    package final class Contents: Sendable {
        fileprivate let table: Mutex<MemoryTable>

        /// - Parameter keptCommits: how many of the newest commits can be watched from at least.
        package init(keptCommits: Int = 1024) { table = Mutex(MemoryTable(keptCommits: keptCommits)) }

        package var revision: Revision { table.withLock { $0.revision } }

        /// The commits after `known`, oldest first, as long as they are kept.
        package func changes(after known: Revision) throws(StoreError) -> [ChangeSet] {
            try table.withLock { $0 }.changes(after: known)
        }

        /// All records in key order.
        package var records: [StoredRecord] { table.withLock { $0 }.sortedRecords }
    }

    private struct Commit: Sendable {
        let ticket: CommitTicket
        let writes: [RecordWrite]
        let preconditions: [Precondition]
        let predecessor: CommitTicket?
    }

    private enum Waiting: Sendable {
        /// Not yet applied.
        case commit(Commit)
        /// Applied; only the answer is outstanding.
        case answer(CommitTicket, CommitTicket.Outcome)
    }

    private enum Mode {
        case working
        case held([Waiting])
        case crashed
        case closed
    }

    private struct State {
        var mode = Mode.working
        var steps = 0
    }

    private let contents: Contents
    private let faults: [Int: StoreFault]
    private let state: Mutex<State>
    private let signal: RevisionSignal

    /// - Parameter faults: at most one per step; the first given counts.
    package init(on contents: Contents = Contents(), faults: [StoreFault] = []) {
        self.contents = contents
        self.faults = Dictionary(faults.map { ($0.step, $0) }, uniquingKeysWith: { first, _ in first })
        state = Mutex(State())
        signal = RevisionSignal(newest: contents.revision)
    }

    /// A store that dies at its `step`th commit, before or after that commit has taken effect.
    package convenience init(
        crashingAt step: Int, _ moment: StoreFault.Moment, on contents: Contents = Contents()
    ) {
        self.init(on: contents, faults: [StoreFault(at: step, moment, .crash)])
    }

    deinit {
        // Nobody can release what still waits; whoever waits for it is told that it was not made.
        let waiting: [Waiting] = state.withLock { state in
            guard case .held(let waiting) = state.mode else { return [] }
            return waiting
        }
        for item in waiting {
            switch item {
            case .answer(let ticket, _): ticket.resolve(.failure(.closed))
            case .commit(let commit): commit.ticket.resolve(.failure(.closed))
            }
        }
        signal.finish()
    }

    /// How many commits were submitted while the store was alive: the steps at which a fault could have struck.
    package var steps: Int { state.withLock { $0.steps } }

    /// Whether a fault has killed the store.
    package var hasCrashed: Bool {
        state.withLock { state in
            switch state.mode {
            case .crashed: true
            case .working, .held, .closed: false
            }
        }
    }
}

// MARK: - Reading

extension MemoryStore {
    nonisolated(nonsending)
        package func load(_ body: (StoredRecord) -> Void) async throws(StoreError) -> Revision
    {
        try checkOpen()
        let table = contents.table.withLock { $0 }
        for record in table.sortedRecords { body(record) }
        return table.revision
    }

    package func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? {
        try checkOpen()
        return contents.table.withLock { $0.records[key] }
    }

    package func scan(kind: String, account: String?) async throws(StoreError) -> [StoredRecord] {
        try checkOpen()
        return contents.table.withLock { $0.records }.values
            .filter { $0.key.kind == kind && (account == nil || $0.account == account) }
            .sorted { $0.key < $1.key }
    }

    package func watch(from revision: Revision) -> ChangeFeed {
        ChangeFeed(after: revision) { [signal, contents] known throws(StoreError) in
            guard await signal.wait(beyond: known) else { return [] }
            return try contents.table.withLock { table throws(StoreError) in try table.changes(after: known) }
        }
    }

    private func checkOpen() throws(StoreError) {
        let isOpen = state.withLock { state in
            switch state.mode {
            case .working, .held: true
            case .crashed, .closed: false
            }
        }
        guard isOpen else { throw .closed }
    }
}

// MARK: - Committing

extension MemoryStore {
    package func submit(
        _ writes: [RecordWrite], if preconditions: [Precondition], after predecessor: CommitTicket?
    ) -> CommitTicket {
        let ticket = CommitTicket()
        let commit = Commit(ticket: ticket, writes: writes, preconditions: preconditions, predecessor: predecessor)
        // The table changes under the lock, so that the order of commits is the order of calls.
        state.withLock { state in
            if let outcome = accept(commit, in: &state) { _ = ticket.settle(outcome) }
        }
        signal.advance(to: contents.revision)
        return ticket
    }

    /// Lets commits wait, as a store does whose disk hangs, until `release()`.
    package func hold() {
        state.withLock { state in
            switch state.mode {
            case .working: state.mode = .held([])
            case .held, .crashed, .closed: break
            }
        }
    }

    /// Applies and answers what has been waiting, in order.
    package func release() {
        let wakeUps: [@Sendable () -> Void] = state.withLock { state in
            guard case .held(let waiting) = state.mode else { return [] }
            state.mode = .working
            return waiting.map(finish)
        }
        signal.advance(to: contents.revision)
        for wake in wakeUps { wake() }
    }

    package func close() async {
        release()
        state.withLock { state in
            switch state.mode {
            case .working, .held: state.mode = .closed
            case .crashed, .closed: break
            }
        }
        signal.finish()
    }

    /// Returns the outcome, or nil if the commit has to wait.
    private func accept(_ commit: Commit, in state: inout State) -> CommitTicket.Outcome? {
        switch state.mode {
        case .crashed, .closed:
            return .failure(.closed)
        case .held(let waiting):
            state.steps += 1
            state.mode = .held(waiting + [.commit(commit)])
            return nil
        case .working:
            state.steps += 1
            guard let fault = faults[state.steps] else { return apply(commit) }
            return suffer(fault, with: commit, in: &state)
        }
    }

    private func suffer(_ fault: StoreFault, with commit: Commit, in state: inout State) -> CommitTicket.Outcome? {
        let outcome: CommitTicket.Outcome? =
            switch fault.moment {
            case .before: nil
            case .after: apply(commit)
            }
        switch fault.effect {
        case .fail(let error):
            return .failure(error)
        case .crash:
            state.mode = .crashed
            signal.finish()
            return .failure(.closed)
        case .hang:
            state.mode = .held([outcome.map { .answer(commit.ticket, $0) } ?? .commit(commit)])
            return nil
        }
    }

    private func finish(_ waiting: Waiting) -> @Sendable () -> Void {
        switch waiting {
        case .answer(let ticket, let outcome): ticket.settle(outcome)
        case .commit(let commit): commit.ticket.settle(apply(commit))
        }
    }

    private func apply(_ commit: Commit) -> CommitTicket.Outcome {
        if case .failure? = commit.predecessor?.outcome { return .failure(.predecessorFailed) }
        return contents.table.withLock { table in
            do throws(StoreError) {
                return .success(try table.commit(commit.writes, if: commit.preconditions))
            } catch {
                return .failure(error)
            }
        }
    }
}
