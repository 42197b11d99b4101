// Watches processes that may or may not be our children: told by the kernel when one ends, never by polling.
// One thread serves all watches. A pid is never trusted alone: the descriptor pins the process, and
// `ProcessIdentity` tells a process of an earlier run from a stranger that got its number.

import CHostSystem
import Glibc
import Synchronization

/// A process for as long as the host is up: its number and when it began, in clock ticks since boot.
package struct ProcessIdentity: Hashable, Sendable, Codable {
    package var pid: Int32
    package var startTicks: UInt64

    package init(pid: Int32, startTicks: UInt64) { (self.pid, self.startTicks) = (pid, startTicks) }

    /// What runs now under `pid`; nil when nothing does (a zombie counts as nothing).
    package init?(of pid: Int32) {
        guard pid > 0, let text = SmallFile.read("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else {
            return nil
        }
        // After the name, which may hold anything: state is field 3, the start time field 22.
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let ticks = UInt64(fields[19]) else { return nil }
        self.init(pid: pid, startTicks: ticks)
    }

    package var isRunning: Bool { ProcessIdentity(of: pid) == self }

    /// Asks the process to end, kills it after `grace`, and returns once it is gone. Blocks: for threads of one's own.
    ///
    /// - Parameter grace: nil: it is not asked.
    package func endBlocking(grace: Duration? = .seconds(3)) {
        guard let process = try? OwnedDescriptor(apus_pidfd_open(pid), "pidfd_open"), isRunning else { return }
        if let grace, ProcessIdentity.end(process, by: SIGTERM, within: Int32(grace.components.seconds * 1000)) {
            return
        }
        // One that is killed does not stay, however busy the host is.
        _ = ProcessIdentity.end(process, by: SIGKILL, within: -1)
    }

    /// - Parameter milliseconds: -1: for ever.
    private static func end(_ process: OwnedDescriptor, by signal: Int32, within milliseconds: Int32) -> Bool {
        guard apus_pidfd_send_signal(process.number, signal) == 0 else { return true }
        var request = pollfd(fd: process.number, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&request, 1, milliseconds)
            guard count < 0, errno == EINTR else { return count > 0 }
        }
    }
}

/// How a watched process ended.
package enum ProcessEnd: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
    /// Not our child: that it ended is all there is to know.
    case unknown
}

package final class ProcessWatch: Sendable {
    package let pid: Int32
    private let descriptor: OwnedDescriptor
    private let waiting = Mutex(Waiting())

    private struct Waiting {
        var end: ProcessEnd?
        var continuations: [CheckedContinuation<ProcessEnd, Never>] = []
    }

    /// Has those become our children that tools of ours leave when they end, so that a watch reaps them; else whoever is
    /// first among all processes may leave them as they are.
    package static func adoptOrphans() throws(SystemError) {
        guard apus_adopt_orphans() == 0 else { throw SystemError("prctl") }
    }

    /// Watches `pid` and, where it is our child, reaps it.
    ///
    /// - Throws: with `ESRCH` when there is no such process (any more).
    package init(_ pid: Int32) throws(SystemError) {
        self.pid = pid
        descriptor = try OwnedDescriptor(apus_pidfd_open(pid), "pidfd_open")
        try ProcessExits.shared().add(self, descriptor.number)
    }

    /// Watches a process of an earlier run; throws with `ESRCH` when another has its number now.
    package convenience init(_ identity: ProcessIdentity) throws(SystemError) {
        try self.init(identity.pid)
        // Checked after the descriptor pins the process, so that the answer stays true.
        guard identity.isRunning || end != nil else { throw SystemError("pidfd_open", number: ESRCH) }
    }

    /// How it ended; nil while it runs.
    package var end: ProcessEnd? { waiting.withLock { $0.end } }

    /// Returns when the process has ended; at once if it already has. Any number of callers may wait.
    package func waitForEnd() async -> ProcessEnd {
        await withCheckedContinuation { continuation in
            let end = waiting.withLock { waiting in
                if waiting.end == nil { waiting.continuations.append(continuation) }
                return waiting.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// Sends a signal to exactly this process; false when it has ended.
    @discardableResult
    package func signal(_ number: Int32) -> Bool { apus_pidfd_send_signal(descriptor.number, number) == 0 }

    /// Called once, by the thread that watches.
    fileprivate func ended() {
        var status: Int32 = 0
        let end: ProcessEnd =
            switch apus_reap(pid, &status) {
            case 1 where apus_was_signalled(status) != 0: .signalled(apus_exit_code(status))
            case 1: .exited(apus_exit_code(status))
            default: .unknown
            }
        let continuations = waiting.withLock { waiting in
            waiting.end = end
            defer { waiting.continuations = [] }
            return waiting.continuations
        }
        for continuation in continuations { continuation.resume(returning: end) }
    }
}

/// The thread that hears of every watched process's end. A watch lives here until its process has ended.
private final class ProcessExits: Sendable {
    private static let instance = Mutex<ProcessExits?>(nil)
    private let events: Int32
    private let watches = Mutex<[Int32: ProcessWatch]>([:])

    static func shared() throws(SystemError) -> ProcessExits {
        let result: Result<ProcessExits, SystemError> = instance.withLock { instance in
            if let instance { return .success(instance) }
            do throws(SystemError) {
                let made = try ProcessExits()
                if let failure = HostThread.start({ made.serve() }) { return .failure(failure) }
                instance = made
                return .success(made)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private init() throws(SystemError) {
        events = apus_poll_open()
        if events < 0 { throw SystemError("epoll_create") }
    }

    func add(_ watch: ProcessWatch, _ descriptor: Int32) throws(SystemError) {
        watches.withLock { $0[descriptor] = watch }
        guard apus_poll_add(events, descriptor) == 0 else {
            let failure = SystemError("epoll_ctl")
            watches.withLock { $0[descriptor] = nil }
            throw failure
        }
    }

    private func serve() {
        var ready = [Int32](repeating: -1, count: 64)
        while true {
            let count = apus_poll_wait(events, &ready, Int32(ready.count))
            for descriptor in ready.prefix(max(0, Int(count))) {
                watches.withLock { $0.removeValue(forKey: descriptor) }?.ended()
            }
        }
    }
}
