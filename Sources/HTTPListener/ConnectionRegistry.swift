// The connections of one listener: how many there are, how many body bytes they hold, and when the last one is gone.

import NIOCore
import Synchronization

/// Counts connections from accept until both their channel is closed and no handler works for them any more.
final class ConnectionRegistry: Sendable {
    private struct State: Sendable {
        var channels: [UInt64: any Channel] = [:]
        var nextID: UInt64 = 1
        var isClosing = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let maxConnections: Int
    private let maxHeldBodyBytes: Int
    private let state = Mutex(State())
    private let held = Atomic<Int>(0)

    init(_ limits: HTTPListenerLimits) {
        (maxConnections, maxHeldBodyBytes) = (limits.maxConnections, limits.maxHeldBodyBytes)
    }

    /// - Returns: the new connection's id, or `nil` if there are too many or the listener is closing.
    func admit(_ channel: any Channel) -> UInt64? {
        state.withLock { state in
            guard state.channels.count < maxConnections, !state.isClosing else { return nil }
            let id = state.nextID
            state.nextID += 1
            state.channels[id] = channel
            return id
        }
    }

    func remove(_ id: UInt64) {
        let waiters = state.withLock { state in
            state.channels[id] = nil
            guard state.channels.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    var count: Int { state.withLock { $0.channels.count } }

    /// Accounts for body bytes that a connection begins (or, negative, ceases) to hold.
    ///
    /// - Returns: whether all connections together are still within the bound.
    func hold(_ bytes: Int) -> Bool {
        bytes == 0 || held.add(bytes, ordering: .relaxed).newValue <= maxHeldBodyBytes
    }

    /// Refuses new connections from now on, and returns those there are.
    func beginClosing() -> [any Channel] {
        state.withLock { state in
            state.isClosing = true
            return Array(state.channels.values)
        }
    }

    /// Ends all waits, whether or not connections are left, and returns those that are.
    func giveUp() -> [any Channel] {
        let (channels, waiters) = state.withLock { state in
            defer { state.waiters = [] }
            return (Array(state.channels.values), state.waiters)
        }
        for waiter in waiters { waiter.resume() }
        return channels
    }

    /// Returns once there are no connections, or once `giveUp` is called.
    func waitUntilEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.channels.isEmpty { state.waiters.append(continuation) }
                return state.channels.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}
