// The sequence of commits that a watch returns: pulls from the store what comes next, so a slow reader costs no memory.

/// Commits after a revision, in order. Ends when the store closes or the reading task is cancelled.
package struct ChangeFeed: AsyncSequence, Sendable {
    package typealias Element = ChangeSet
    package typealias Failure = StoreError

    /// Waits for commits after a revision and returns some of them, oldest first; none: there will be no more.
    package typealias Pull = @Sendable (_ after: Revision) async throws(StoreError) -> [ChangeSet]

    private let start: Revision
    private let pull: Pull

    package init(after revision: Revision, pull: @escaping Pull) {
        start = revision
        self.pull = pull
    }

    package func makeAsyncIterator() -> Iterator { Iterator(last: start, pull: pull) }

    package struct Iterator: AsyncIteratorProtocol {
        private var last: Revision
        private var fetched: ArraySlice<ChangeSet> = []
        private let pull: Pull

        init(last: Revision, pull: @escaping Pull) {
            self.last = last
            self.pull = pull
        }

        package mutating func next() async throws(StoreError) -> ChangeSet? {
            if fetched.isEmpty { fetched = try await pull(last)[...] }
            guard let set = fetched.popFirst() else { return nil }
            last = set.revision
            return set
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> ChangeSet? {
            if fetched.isEmpty { fetched = try await pull(last)[...] }
            guard let set = fetched.popFirst() else { return nil }
            last = set.revision
            return set
        }
    }
}
