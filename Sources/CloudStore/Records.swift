// What a store keeps and how a change to it is written down: keys, records, writes, preconditions, change sets.
// A store never looks inside `data`; coding is the caller's matter.

/// The number of a commit: 0 is the empty store, each commit that changes something is one more.
package typealias Revision = UInt64

/// Names one record: a kind ("instance") and an id within that kind. Both are ASCII and compared byte by byte.
package struct RecordKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let kind: String
    package let id: String

    package init(kind: String, id: String) {
        self.kind = kind
        self.id = id
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.kind == right.kind
            ? left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
            : left.kind.utf8.lexicographicallyPrecedes(right.kind.utf8)
    }

    package var description: String { "\(kind)/\(id)" }
}

/// A record as the store holds it.
package struct StoredRecord: Sendable, Equatable {
    package let key: RecordKey
    /// Whose record it is; empty for what belongs to no account.
    package let account: String
    /// The commit that last wrote it.
    package let revision: Revision
    /// The version of the layout of `data`, for the caller's own migrations.
    package let formatVersion: Int
    package let data: [UInt8]

    package init(key: RecordKey, account: String, revision: Revision, formatVersion: Int, data: [UInt8]) {
        self.key = key
        self.account = account
        self.revision = revision
        self.formatVersion = formatVersion
        self.data = data
    }
}

/// One change that a commit asks for.
package enum RecordWrite: Sendable, Equatable {
    /// Creates or replaces a record.
    case put(RecordKey, account: String, formatVersion: Int, data: [UInt8])
    /// Removes a record; one that is absent already is left so.
    case delete(RecordKey)

    package var key: RecordKey {
        switch self {
        case .put(let key, account: _, formatVersion: _, data: _), .delete(let key): key
        }
    }
}

/// How much a commit may carry.
package enum CommitLimit {
    /// The sum of the data of all its writes, bytes.
    package static let maximumBytes = 64 << 20
}

extension [RecordWrite] {
    /// The sum of the data, bytes.
    package var dataBytes: Int {
        reduce(0) { sum, write in
            switch write {
            case .put(_, account: _, formatVersion: _, let data): sum + data.count
            case .delete: sum
            }
        }
    }
}

/// What must hold for a commit to be made at all.
package struct Precondition: Sendable, Equatable {
    package let key: RecordKey
    /// The revision that the record must have; nil: it must not exist.
    package let revision: Revision?

    package init(_ key: RecordKey, is revision: Revision?) {
        self.key = key
        self.revision = revision
    }
}

/// One change that a commit made.
package enum RecordChange: Sendable, Equatable {
    case put(StoredRecord)
    case delete(RecordKey)

    package var key: RecordKey {
        switch self {
        case .put(let record): record.key
        case .delete(let key): key
        }
    }
}

/// All that one commit changed: each key once, in the order of the writes.
package struct ChangeSet: Sendable, Equatable {
    package let revision: Revision
    package let changes: [RecordChange]

    package init(revision: Revision, changes: [RecordChange]) {
        self.revision = revision
        self.changes = changes
    }
}

extension [RecordWrite] {
    /// The same writes with each key once: the last write of a key wins.
    package var withoutOverwritten: [RecordWrite] {
        guard count > 1 else { return self }
        var seen = Set<RecordKey>(minimumCapacity: count)
        let isUnique = allSatisfy { seen.insert($0.key).inserted }
        guard !isUnique else { return self }
        seen.removeAll(keepingCapacity: true)
        return [RecordWrite](reversed().filter { seen.insert($0.key).inserted }.reversed())
    }
}
