// A thread of its own for work that blocks or changes what a thread is (its network namespace).
// The thread ends with the work, so that no other work ever meets what it became.

import CHostSystem
import Glibc
import Synchronization

package enum HostThread {
    /// Runs `work` on a new thread and answers what it answers; the caller's executor is not blocked.
    ///
    /// - Parameter namespace: an open descriptor of the network namespace to enter first; nil stays in the process's.
    /// - Throws: `SystemError` when no thread can be had or the namespace cannot be entered.
    package static func run<Value: Sendable>(
        inNamespace namespace: Int32? = nil, _ work: @escaping @Sendable () -> Value
    ) async throws(SystemError) -> Value {
        let outcome: Result<Value, SystemError> = await withCheckedContinuation { continuation in
            let started = start {
                if let namespace, apus_enter_network_namespace(namespace) != 0 {
                    continuation.resume(returning: .failure(SystemError("setns")))
                } else {
                    continuation.resume(returning: .success(work()))
                }
            }
            if let failure = started { continuation.resume(returning: .failure(failure)) }
        }
        return try outcome.get()
    }

    /// The calling thread, one of ours, gets a processor from now on when others, such as guests, leave it one.
    package static func giveWay() { apus_give_way() }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread; nil, or why there is none (then `body` never runs).
    static func start(_ body: @escaping @Sendable () -> Void) -> SystemError? {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 512 << 10)
        let box = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        guard status != 0 else { return nil }
        box.release()
        return SystemError("pthread_create", number: status)
    }
}
