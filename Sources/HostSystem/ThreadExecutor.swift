// An executor with a thread of its own, for an actor whose methods block: they run tools and enter namespaces.
// Such an actor's methods need no `await` inside, so nothing comes between their steps.

import Glibc
import Synchronization

package final class ThreadExecutor: SerialExecutor {
    private let queue: Queue

    /// - Throws: when no thread can be had.
    package init() throws(SystemError) {
        let queue = Queue()
        if let failure = HostThread.start({ queue.serve() }) { throw failure }
        self.queue = queue
    }

    deinit { queue.close() }

    package func enqueue(_ job: consuming ExecutorJob) {
        queue.add(UnownedJob(job), of: asUnownedSerialExecutor())
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// The jobs that wait, and how the thread hears of them. Outlives the executor until the thread has ended.
    private final class Queue: Sendable {
        private struct State {
            var jobs: [(UnownedJob, UnownedSerialExecutor)] = []
            var isClosed = false
        }
        private let state = Mutex(State())
        private nonisolated(unsafe) let bell: UnsafeMutablePointer<sem_t>

        init() {
            bell = .allocate(capacity: 1)
            sem_init(bell, 0, 0)
        }

        deinit {
            sem_destroy(bell)
            bell.deallocate()
        }

        func add(_ job: UnownedJob, of executor: UnownedSerialExecutor) {
            state.withLock { $0.jobs.append((job, executor)) }
            sem_post(bell)
        }

        func close() {
            state.withLock { $0.isClosed = true }
            sem_post(bell)
        }

        func serve() {
            while true {
                while sem_wait(bell) != 0 {}
                let (jobs, isClosed) = state.withLock { state in
                    defer { state.jobs = [] }
                    return (state.jobs, state.isClosed)
                }
                for (job, executor) in jobs { job.runSynchronously(on: executor) }
                if isClosed { return }
            }
        }
    }
}
