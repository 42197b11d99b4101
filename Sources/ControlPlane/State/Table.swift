// All records of one kind, in memory: a persistent tree, so that a snapshot of the whole cloud costs nothing
// and a reader never waits for a writer.

package import CloudTypes
internal import HashTreeCollections
import Synchronization

/// A record as of one change; never mutated, so it may be shared and what was rendered from it kept.
package final class Versioned<Record: CloudRecord>: Sendable {
    package let record: Record
    private let kept = Mutex<(any RecordDerivation)?>(nil)

    init(_ record: Record) { self.record = record }

    /// What a reader made of the record and may want to find again; it goes when the record changes.
    package var derivation: (any RecordDerivation)? {
        get { kept.withLock { $0 } }
        set { kept.withLock { $0 = newValue } }
    }
}

/// Something made of a record.
package protocol RecordDerivation: AnyObject, Sendable {}

/// Names the content of a table: two tables with the same stamp hold the same records.
package struct TableStamp: Hashable, Sendable {
    private static let count = Atomic<UInt64>(0)
    private let number: UInt64

    /// A stamp that no table had before.
    static func fresh() -> TableStamp {
        TableStamp(number: count.add(1, ordering: .relaxed).newValue)
    }

    /// Of every table that nothing was put into.
    static let empty = TableStamp(number: 0)
}

/// Records by id and by secondary keys.
package struct Table<Record: CloudRecord>: Sendable {
    private var rows: TreeDictionary<Record.ID, Versioned<Record>> = [:]
    private var index: TreeDictionary<IndexKey, TreeSet<Record.ID>> = [:]

    /// Long lists in the order of their ids, kept until ids come or go.
    private var orders = KeptOrders<Record.ID>()
    package private(set) var stamp = TableStamp.empty
    /// The sum of the records' weights.
    package private(set) var weight = HostShare.zero
    package private(set) var coveredWeight = HostShare.zero
    private var uses: TreeDictionary<AccountUse, Int> = [:]

    private struct AccountUse: Hashable {
        let account: AccountID
        let kind: CountedUse
    }

    package init() {}

    package var count: Int { rows.count }

    package subscript(id: Record.ID) -> Record? { rows[id]?.record }

    /// The same object until the record changes.
    package func versioned(_ id: Record.ID) -> Versioned<Record>? { rows[id] }

    /// Every record, in no order.
    package var all: [Record] { rows.values.map(\.record) }

    /// The records of an account in the order of their ids.
    package func all(of account: AccountID) -> [Record] { all(where: IndexKey(.account, account)) }

    /// The records with the key in the order of their ids.
    package func all(where key: IndexKey) -> [Record] { ids(where: key).compactMap { rows[$0]?.record } }

    /// The records with the key in the order of their ids, each the same object until it changes.
    package func allVersioned(where key: IndexKey) -> [Versioned<Record>] { ids(where: key).compactMap { rows[$0] } }

    package func ids(where key: IndexKey) -> [Record.ID] {
        guard let ids = index[key] else { return [] }
        if ids.count == 1 { return Array(ids) }
        return orders.ids(where: key, count: ids.count) { ids.sorted() }
    }

    package func count(where key: IndexKey) -> Int { index[key]?.count ?? 0 }

    package func contains(_ key: IndexKey) -> Bool { index[key] != nil }

    /// What the records of the account come to.
    package func use(_ kind: CountedUse, by account: AccountID) -> Int {
        uses[AccountUse(account: account, kind: kind)] ?? 0
    }

    /// One record with the key; which one, where there are several, is not said.
    package func first(where key: IndexKey) -> Record? { index[key]?.first.flatMap { rows[$0]?.record } }

    mutating func put(_ record: Record) {
        let new = keys(of: record)
        let before = rows.updateValue(Versioned(record), forKey: record.id)
        let old = before.map { keys(of: $0.record) } ?? []
        stamp = .fresh()
        weight += record.weight - (before?.record.weight ?? .zero)
        coveredWeight += record.coveredWeight - (before?.record.coveredWeight ?? .zero)
        count(record, instead: before?.record)
        guard new != old else { return }
        for key in new where !old.contains(key) {
            index[key, default: []].insert(record.id)
            orders.insert(record.id, key)
        }
        for key in old where !new.contains(key) { unlink(record.id, from: key) }
    }

    mutating func remove(_ id: Record.ID) {
        guard let old = rows.removeValue(forKey: id) else { return }
        stamp = .fresh()
        weight -= old.record.weight
        coveredWeight -= old.record.coveredWeight
        count(nil, instead: old.record)
        for key in keys(of: old.record) { unlink(id, from: key) }
    }

    private mutating func count(_ new: Record?, instead old: Record?) {
        let (more, less) = (new?.uses ?? [:], old?.uses ?? [:])
        guard more != less, let account = new?.account ?? old?.account else { return }
        for (kind, amount) in more.merging(less.mapValues { -$0 }, uniquingKeysWith: +) where amount != 0 {
            let key = AccountUse(account: account, kind: kind)
            let sum = (uses[key] ?? 0) + amount
            uses[key] = sum == 0 ? nil : sum
        }
    }

    private mutating func unlink(_ id: Record.ID, from key: IndexKey) {
        orders.remove(id, key)
        index[key]?.remove(id)
        if index[key]?.isEmpty == true { index[key] = nil }
    }

    private func keys(of record: Record) -> [IndexKey] { record.indexKeys + [IndexKey(.account, record.account)] }
}
