// How long a connection may keep its listener waiting, and the one alarm that says so.

import NIOCore

/// The one alarm of a connection. Deadlines mostly move away, so the alarm is moved only when it would go off too late:
/// a request that arrives in one piece costs no timer.
struct ConnectionClock {
    /// What a connection waits for.
    enum Awaited: Equatable {
        case idle, headers, body, writing, drained

        func limit(in limits: HTTPListenerLimits) -> Duration {
            switch self {
            case .idle: limits.idleTimeout
            case .headers: limits.headerTimeout
            case .body: limits.bodyTimeout
            case .writing: limits.writeTimeout
            case .drained: .seconds(2)
            }
        }
    }

    var awaited: Awaited?
    /// Of what is awaited.
    var deadline = NIODeadline.distantFuture
    var firesAt: NIODeadline?
    var alarm: Scheduled<Void>?

    mutating func stop() {
        alarm?.cancel()
        (awaited, firesAt, alarm) = (nil, nil, nil)
    }
}
