// What can go wrong with a commit in a memory store, and when: the hooks of the crash matrix.

package import CloudStore

/// Something that goes wrong at one commit of a `MemoryStore`.
package struct StoreFault: Sendable, Equatable {
    package enum Moment: Sendable, Equatable, CaseIterable {
        /// The commit has not taken effect.
        case before
        /// The commit has taken effect, and nobody has been told.
        case after
    }

    package enum Effect: Sendable, Equatable {
        /// The caller is told this error; later commits work again.
        case fail(StoreError)
        /// The store is dead for its user: this and all later calls fail with `.closed` and change nothing. Open
        /// another store on the same contents to see what a restarted process would.
        case crash
        /// This and all later commits wait until `MemoryStore.release()`.
        case hang
    }

    /// Counts the commits submitted to this store; the first is 1.
    package let step: Int
    package let moment: Moment
    package let effect: Effect

    package init(at step: Int, _ moment: Moment, _ effect: Effect) {
        self.step = step
        self.moment = moment
        self.effect = effect
    }
}
