// Where moments that are not stored yet can be read meanwhile: open as long as something stores them. Threads that serve
// copies wait here.

import Backends
import CloudTypes
import Glibc
import Synchronization

final class MomentWindows: Sendable {
    /// One opening; the next is another, though it may be at the same place.
    struct Opening: Sendable, Equatable {
        let source: MomentSource
        fileprivate let number: Int
    }

    private struct Expected {
        /// Of the volume at that moment; nil: not known.
        var volumeBytes: Int?
        /// nil: nothing stores it at present.
        var opening: Opening?
    }

    private struct State {
        var expected: [SnapshotID: Expected] = [:]
        var count = 0
    }

    private let state = ThreadSignal(State())

    /// The moment is held, to be stored.
    func expect(_ note: MomentNote) {
        state.change { state in
            guard state.expected[note.snapshot] == nil else { return }
            state.expected[note.snapshot] = Expected(volumeBytes: note.sizeGiB.map { $0 << 30 })
        }
    }

    func open(_ id: SnapshotID, at source: MomentSource) {
        state.change { state in
            state.count += 1
            state.expected[id]?.opening = Opening(source: source, number: state.count)
        }
    }

    func close(_ id: SnapshotID) { state.change { $0.expected[id]?.opening = nil } }

    /// It is stored, or lost.
    func forget(_ id: SnapshotID) { state.change { $0.expected[id] = nil } }

    func isExpected(_ id: SnapshotID) -> Bool { state.read { $0.expected[id] != nil } }

    func volumeBytes(of id: SnapshotID) -> Int? { state.read { $0.expected[id]?.volumeBytes } }

    func opening(of id: SnapshotID) -> Opening? { state.read { $0.expected[id]?.opening } }

    /// Waits on the calling thread for another opening than one that led nowhere. nil: there will be none, or `isOver` says
    /// that nobody waits any more, of which `wake` is to be told.
    func next(_ id: SnapshotID, after tried: Opening?, unless isOver: () -> Bool) -> Opening? {
        state.wait { state in
            if isOver() { return .some(nil) }
            guard let expected = state.expected[id] else { return .some(nil) }
            guard let opening = expected.opening, opening != tried else { return nil }
            return opening
        }
    }

    func wake() { state.change { _ in } }
}

/// A value of which threads wait for a change.
private final class ThreadSignal<Value: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var value: Value

    init(_ value: Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func change(_ body: (inout Value) -> Void) {
        pthread_mutex_lock(mutex)
        body(&value)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    func read<Answer>(_ body: (Value) -> Answer) -> Answer {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(value)
    }

    /// Asks again after each change, until there is an answer.
    func wait<Answer>(_ body: (Value) -> Answer?) -> Answer {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let answer = body(value) { return answer }
            pthread_cond_wait(condition, mutex)
        }
    }
}
