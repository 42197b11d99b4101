// Waiting for the signals that ask the process to end, and its own number.

import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

enum ProcessID {
    static var own: Int32 { getpid() }
}

enum Termination {
    /// Returns when SIGTERM or SIGINT comes, or the task is cancelled.
    static func awaited() async {
        let (signals, told) = AsyncStream<Int32>.makeStream()
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { told.yield(number) }
            source.resume()
            return source
        }
        for await _ in signals { break }
        for source in sources { source.cancel() }
    }
}
