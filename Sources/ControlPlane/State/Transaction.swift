// One decision over the records: reads see what was written before, nothing is kept unless it ends well.
// Rules of every noun are extensions of this type: they say what may change, never how the world follows.

package import CloudTypes
internal import CloudStore
internal import RecordCoding

/// The records as they would be, while a call decides.
package struct Transaction {
    package private(set) var state: CloudState
    package let caller: Caller
    package let now: Timestamp
    package let settings: CloudSettings
    package var random: any RandomNumberGenerator & Sendable
    private var pending: [RecordKey: PendingWrite] = [:]

    private enum PendingWrite {
        case put(any CloudRecord)
        case delete
    }

    package init(
        state: CloudState, caller: Caller, now: Timestamp, settings: CloudSettings,
        random: any RandomNumberGenerator & Sendable
    ) {
        (self.state, self.caller, self.now, self.settings) = (state, caller, now, settings)
        self.random = random
    }

    package var account: AccountID { caller.account }
    package var hasChanges: Bool { !pending.isEmpty }

    /// Creates or replaces the record.
    package mutating func put<Record: CloudRecord>(_ record: Record) {
        state.put(record)
        pending[RecordKey(kind: Record.kind, id: record.id.description)] = .put(record)
    }

    package mutating func delete<Record: CloudRecord>(_ id: Record.ID, _ type: Record.Type = Record.self) {
        state.remove(id, Record.self)
        pending[RecordKey(kind: Record.kind, id: id.description)] = .delete
    }

    /// Changes the record in place; nothing happens where there is none.
    package mutating func update<Record: CloudRecord>(
        _ id: Record.ID, _ type: Record.Type = Record.self, _ change: (inout Record) -> Void
    ) {
        guard var record = state[id, of: Record.self] else { return }
        change(&record)
        put(record)
    }

    /// A fresh id of the kind.
    package mutating func newID<Kind: ResourceKind>(_ kind: Kind.Type = Kind.self) -> ResourceID<Kind> {
        draw { ResourceID(from: &$0) }
    }

    package mutating func newMACAddress() -> MACAddress { draw { MACAddress(from: &$0) } }

    /// Makes something by chance.
    package mutating func draw<Value>(_ make: (inout Drawing) -> Value) -> Value {
        var generator = Drawing(random)
        defer { random = generator.base }
        return make(&generator)
    }

    /// What the store has to write, encoded; and the keys that change.
    func encoded() throws(EC2Error) -> [RecordWrite] {
        var writes: [RecordWrite] = []
        writes.reserveCapacity(pending.count)
        for (key, write) in pending {
            switch write {
            case .delete: writes.append(.delete(key))
            case .put(let record): writes.append(try RecordCodec.write(record, key))
            }
        }
        return writes
    }

    /// The keys of every record that the transaction touches.
    var changedKeys: Set<RecordKey> { Set(pending.keys) }
}

/// An existential generator as a concrete one, which `ResourceID.init(from:)` wants.
package struct Drawing: RandomNumberGenerator {
    fileprivate var base: any RandomNumberGenerator & Sendable
    fileprivate init(_ base: any RandomNumberGenerator & Sendable) { self.base = base }
    package mutating func next() -> UInt64 { base.next() }
}
