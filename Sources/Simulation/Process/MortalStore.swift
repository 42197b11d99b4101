// A memory store as a process has it that may be killed at any commit. Commits wait for `run()`, as they wait for a
// disk: what was decided and not yet made is lost when the process ends.

package import CloudStore
import Synchronization

package final class MortalStore: CloudStore {
    private struct Commit: Sendable {
        let ticket = CommitTicket()
        let writes: [RecordWrite]
        let preconditions: [Precondition]
        let predecessor: CommitTicket?
    }

    private let store: MemoryStore
    private let life: Lifeline
    private let waiting = Mutex<[Commit]>([])
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    package init(on contents: MemoryStore.Contents, _ life: Lifeline) {
        (store, self.life) = (MemoryStore(on: contents), life)
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    nonisolated(nonsending)
        package func load(_ body: (StoredRecord) -> Void) async throws(StoreError) -> Revision
    {
        try await store.load(body)
    }

    package func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? { try await store.read(key) }

    package func scan(kind: String, account: String?) async throws(StoreError) -> [StoredRecord] {
        try await store.scan(kind: kind, account: account)
    }

    package func watch(from revision: Revision) -> ChangeFeed { store.watch(from: revision) }

    package func submit(
        _ writes: [RecordWrite], if preconditions: [Precondition], after predecessor: CommitTicket?
    ) -> CommitTicket {
        guard !life.isOver else { return CommitTicket(.failure(.closed)) }
        let commit = Commit(writes: writes, preconditions: preconditions, predecessor: predecessor)
        waiting.withLock { $0.append(commit) }
        waker.yield()
        return commit.ticket
    }

    /// Makes commits in order as they come in, until cancelled or killed.
    package func run() async {
        for await _ in wake {
            while let commit = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
                commit.ticket.resolve(outcome(of: commit))
                await Task.yield()
            }
        }
        abandon()
    }

    /// Tells who waits for a commit that it will not be made.
    package func abandon() {
        let left = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for commit in left { commit.ticket.resolve(.failure(.closed)) }
    }

    package func close() async {
        abandon()
        waker.finish()
        await store.close()
    }

    private func outcome(of commit: Commit) -> CommitTicket.Outcome {
        switch life.enter(.commit) {
        case .proceed, .fail: return make(commit)
        case .refuse(let error):
            if case .failure? = commit.predecessor?.outcome { return .failure(.predecessorFailed) }
            return .failure(error)
        case .die(.before): return .failure(.closed)
        case .die(.after):
            _ = make(commit)
            life.end()
            return .failure(.closed)
        }
    }

    private func make(_ commit: Commit) -> CommitTicket.Outcome {
        let ticket = store.submit(commit.writes, if: commit.preconditions, after: commit.predecessor)
        return ticket.outcome ?? .failure(.closed)
    }
}
