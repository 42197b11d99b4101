// The order of long lists of ids, found once and then kept up as ids come and go.

internal import Synchronization

/// Sorted ids by the key that they share. A value: what changes in one copy of a table does not change in the others.
struct KeptOrders<ID: Comparable & Sendable>: Sendable {
    /// Shared by copies with the same ids; whoever changes his ids takes storage of his own.
    private final class Storage: Sendable {
        let lists: Mutex<[IndexKey: [ID]]>
        init(_ lists: [IndexKey: [ID]]) { self.lists = Mutex(lists) }
    }

    /// Shorter lists are sorted each time.
    private static var shortest: Int { 32 }
    private var storage = Storage([:])

    init() {}

    /// - Parameter sort: finds what is not known yet.
    func ids(where key: IndexKey, count: Int, _ sort: () -> [ID]) -> [ID] {
        guard count >= KeptOrders.shortest else { return sort() }
        if let kept = storage.lists.withLock({ $0[key] }) { return kept }
        let sorted = sort()
        storage.lists.withLock { $0[key] = sorted }
        return sorted
    }

    mutating func insert(_ id: ID, _ key: IndexKey) {
        change(key) { list in list.insert(id, at: KeptOrders.place(of: id, in: list)) }
    }

    mutating func remove(_ id: ID, _ key: IndexKey) {
        change(key) { list in
            let place = KeptOrders.place(of: id, in: list)
            if place < list.count, list[place] == id { list.remove(at: place) }
        }
    }

    private mutating func change(_ key: IndexKey, _ body: (inout [ID]) -> Void) {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.lists.withLock { $0 }) }
        storage.lists.withLock { lists in
            guard let place = lists.index(forKey: key) else { return }
            body(&lists.values[place])
        }
    }

    /// Where the id is, or belongs.
    private static func place(of id: ID, in list: [ID]) -> Int {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
