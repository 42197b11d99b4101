// Where time comes from: passed in, so that tests turn it by hand.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Tells the time and wakes sleepers.
package protocol Timekeeper: Sendable {
    var now: Timestamp { get }
    /// Returns at or after `moment`.
    ///
    /// - Throws: `CancellationError`.
    func sleep(until moment: Timestamp) async throws
}

/// The host's clock.
package struct SystemTime: Timekeeper {
    package init() {}

    package var now: Timestamp {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME, &moment)
        return Timestamp(milliseconds: Int64(moment.tv_sec) * 1000 + Int64(moment.tv_nsec) / 1_000_000)
    }

    package func sleep(until moment: Timestamp) async throws {
        let wait = moment.milliseconds - now.milliseconds
        if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
    }
}
