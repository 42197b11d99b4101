// The order of long lists of ids, found once and shared by all copies of a table until ids come or go.

internal import Synchronization

/// Sorted ids by the key that they share. A value: what one copy forgets, the others keep.
struct KeptOrders<ID: Sendable>: Sendable {
    private final class Storage: Sendable {
        let lists = Mutex<[IndexKey: [ID]]>([:])
    }

    /// Shorter lists are sorted each time.
    private static var shortest: Int { 32 }
    private var storage = Storage()

    init() {}

    /// Which ids have which keys has changed.
    mutating func forget() {
        if isKnownUniquelyReferenced(&storage) {
            storage.lists.withLock { $0 = [:] }
        } else {
            storage = Storage()
        }
    }

    /// - Parameter sort: finds what is not known yet.
    func ids(where key: IndexKey, count: Int, _ sort: () -> [ID]) -> [ID] {
        guard count >= KeptOrders.shortest else { return sort() }
        if let kept = storage.lists.withLock({ $0[key] }) { return kept }
        let sorted = sort()
        storage.lists.withLock { $0[key] = sorted }
        return sorted
    }
}
