// The one owner of the records in memory. Decisions are taken one after another under a lock, written to the store in
// that order, and become visible to readers when they are durable.

package import CloudStore
package import CloudTypes
package import Logging
import Synchronization

/// One durable change: which records, and everything before and after it.
package struct CloudChange: Sendable {
    package let keys: Set<RecordKey>
    package let before: CloudState
    package let after: CloudState
}

package final class Cloud: Sendable {
    /// What decisions build on: may be ahead of `durable` by commits on their way to the disk.
    private struct Ahead {
        var state: CloudState
        /// The steps that `state` builds on and that are not known to be durable yet, in order.
        var open: [Step] = []
        var nextNumber: UInt64 = 1
        var random: any RandomNumberGenerator & Sendable
    }

    /// A decision on its way to the disk.
    private struct Step: Sendable {
        let number: UInt64
        let change: CloudChange
        let ticket: CommitTicket
    }

    private struct Durable {
        var number: UInt64
        var state: CloudState
    }

    package let settings: CloudSettings
    package let log: Logger
    private let store: any CloudStore
    package let time: any Timekeeper
    /// Records that are in the store and could not be read, and whose they are.
    private let unreadable: [RecordKey: String]
    private let ahead: Mutex<Ahead>
    private let durable: Mutex<Durable>
    private let listeners = Mutex<[Int: AsyncStream<CloudChange>.Continuation]>([:])

    private init(
        store: any CloudStore, state: CloudState, unreadable: [RecordKey: String], settings: CloudSettings, log: Logger,
        random: any RandomNumberGenerator & Sendable, time: any Timekeeper
    ) {
        self.unreadable = unreadable
        (self.store, self.settings, self.log, self.time) = (store, settings, log, time)
        ahead = Mutex(Ahead(state: state, random: random))
        durable = Mutex(Durable(number: 0, state: state))
    }

    /// Reads every record; what cannot be read stays in the store and is told to the log.
    package static func open(
        _ store: any CloudStore, settings: CloudSettings, log: Logger,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        time: any Timekeeper
    ) async throws(StoreError) -> Cloud {
        let loaded = try await LoadedRecords(from: store)
        for key in loaded.unreadable.keys {
            log.error("a record cannot be read and is kept as it is", metadata: ["key": "\(key)"])
        }
        return Cloud(
            store: store, state: loaded.state, unreadable: loaded.unreadable, settings: settings, log: log,
            random: random, time: time)
    }

    package var now: Timestamp { time.now }

    /// The records as of the last durable change. Costs nothing; does not change while it is looked at.
    package var records: CloudState { durable.withLock { $0.state } }

    /// Whether there is a record with the id that could not be read: it is not known what is wanted of the resource.
    package func isUnreadable<Record: CloudRecord>(_ id: Record.ID, _ type: Record.Type) -> Bool {
        unreadable[RecordKey(kind: Record.kind, id: id.description)] != nil
    }

    /// Whether any record of the kind could not be read.
    package func hasUnreadable<Record: CloudRecord>(_ type: Record.Type) -> Bool {
        unreadable.keys.contains { $0.kind == Record.kind }
    }

    /// Whether any record of the account that is of one of the kinds could not be read.
    package func hasUnreadable(_ kinds: Set<String>, of account: AccountID) -> Bool {
        unreadable.contains { $0.value == account.description && kinds.contains($0.key.kind) }
    }

    /// The records as of the last durable change, for an action that only reads.
    package func snapshot(as caller: Caller) -> Transaction {
        Transaction(
            state: records, caller: caller, now: time.now, settings: settings, random: SystemRandomNumberGenerator())
    }

    /// Decides and makes the decision durable, or changes nothing.
    ///
    /// `body` runs under a lock: it computes and never waits.
    package func transact<Result: Sendable>(
        as caller: Caller, _ body: (inout Transaction) throws(EC2Error) -> Result
    ) async throws(EC2Error) -> Result {
        let (result, step) = try decide(as: caller, body)
        guard let step else { return result }
        do {
            _ = try await step.ticket.durable()
        } catch {
            throw .internalError(logged: "the store refused a commit: \(error)")
        }
        publish(step)
        return result
    }

    /// What changes from now on: each commit once it is durable, in no settled order.
    package func changes() -> AsyncStream<CloudChange> {
        let (stream, continuation) = AsyncStream<CloudChange>.makeStream()
        let number = listeners.withLock { listeners in
            let number = (listeners.keys.max() ?? 0) + 1
            listeners[number] = continuation
            return number
        }
        continuation.onTermination = { [weak self] _ in self?.forgetListener(number) }
        return stream
    }

    package func close() async {
        listeners.withLock { listeners in
            for continuation in listeners.values { continuation.finish() }
            listeners = [:]
        }
        await store.close()
    }

    private func forgetListener(_ number: Int) {
        _ = listeners.withLock { $0.removeValue(forKey: number) }
    }

    private func decide<Result: Sendable>(
        as caller: Caller, _ body: (inout Transaction) throws(EC2Error) -> Result
    ) throws(EC2Error) -> (Result, Step?) {
        let (result, step, isNew) = try ahead.withLock { ahead throws(EC2Error) -> (Result, Step?, Bool) in
            var transaction = Transaction(
                state: ahead.state, caller: caller, now: time.now, settings: settings, random: ahead.random)
            let result = try body(&transaction)
            transaction.keepCredits(since: ahead.state)
            transaction.meterUsage(since: ahead.state)
            ahead.random = transaction.random
            let known = durable.withLock { $0.number }
            ahead.open.removeAll { $0.number <= known }
            guard transaction.hasChanges else { return (result, ahead.open.last, false) }
            let step = Step(
                number: ahead.nextNumber,
                change: CloudChange(keys: transaction.changedKeys, before: ahead.state, after: transaction.state),
                ticket: store.submit(try transaction.encoded(), if: [], after: ahead.open.last?.ticket))
            ahead.nextNumber += 1
            ahead.state = transaction.state
            ahead.open.append(step)
            return (result, step, true)
        }
        if let step, isNew { follow(step) }
        return (result, step)
    }

    private func follow(_ step: Step) {
        step.ticket.whenDone { [self] outcome in
            switch outcome {
            case .success:
                publish(step)
                let continuations = listeners.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
                for continuation in continuations { continuation.yield(step.change) }
            case .failure(let error):
                log.error("the store refused a commit", metadata: ["error": "\(error)"])
                fallBack(from: step)
            }
        }
    }

    /// Steps may be told of in any order; what readers see only moves forward.
    private func publish(_ step: Step) {
        durable.withLock { durable in
            if step.number > durable.number { durable = Durable(number: step.number, state: step.change.after) }
        }
    }

    /// Decisions that built on the one that failed fail with it; new ones begin at the one before it, which may be on
    /// its way still.
    private func fallBack(from step: Step) {
        ahead.withLock { ahead in
            guard let place = ahead.open.firstIndex(where: { $0.number == step.number }) else { return }
            ahead.open.removeSubrange(place...)
            let durable = durable.withLock { $0 }
            if let last = ahead.open.last, last.number > durable.number {
                ahead.state = last.change.after
            } else {
                ahead.state = durable.state
            }
        }
    }
}
