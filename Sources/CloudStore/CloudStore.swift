// What the control plane needs of a store: ordered durable commits, reads, and a watch.
// One writer is assumed to decide in memory and submit in order; the store keeps that order.

/// Keeps records durably.
///
/// Commits take effect in the order of the calls to `submit`, each one wholly or not at all. A commit that fails leaves
/// the store as it was and open for the next; commits that were decided on top of it name it as their predecessor and
/// then fail with it.
package protocol CloudStore: Sendable {
    /// Hands every record to `body` in key order, as of one revision.
    ///
    /// - Returns: the revision that the records reflect; `watch(from:)` with it misses nothing.
    nonisolated(nonsending)
        func load(_ body: (StoredRecord) -> Void) async throws(StoreError) -> Revision

    /// The record as last committed, or nil.
    func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord?

    /// The records of a kind, of one account or of all (nil), in the order of their ids.
    func scan(kind: String, account: String?) async throws(StoreError) -> [StoredRecord]

    /// Puts a commit in line and returns at once; callable under a lock.
    ///
    /// - Parameters:
    ///   - writes: applied together; a key written twice gets the last write. A commit that changes nothing (no writes,
    ///     deletes of what is absent) succeeds with the current revision and is not seen by watchers. One that carries more
    ///     than `CommitLimit` fails with `.tooLarge`.
    ///   - preconditions: judged when all earlier commits have been applied; if one fails, so does this commit alone.
    ///   - predecessor: if that commit failed, this one fails with `.predecessorFailed`.
    func submit(
        _ writes: [RecordWrite], if preconditions: [Precondition], after predecessor: CommitTicket?
    ) -> CommitTicket

    /// All commits after `revision`, in order and without gaps, the ones already made first.
    ///
    /// The feed throws `.compacted` if some of them are no longer kept, and ends when the store closes.
    func watch(from revision: Revision) -> ChangeFeed

    /// Completes what was submitted, refuses what comes later, and lets go of the files. Safe to repeat.
    func close() async
}

extension CloudStore {
    package func submit(_ writes: [RecordWrite], if preconditions: [Precondition] = []) -> CommitTicket {
        submit(writes, if: preconditions, after: nil)
    }

    /// Submits and waits until the commit is durable.
    package func commit(
        _ writes: [RecordWrite], if preconditions: [Precondition] = []
    ) async throws(StoreError) -> Revision {
        try await submit(writes, if: preconditions, after: nil).durable()
    }
}
