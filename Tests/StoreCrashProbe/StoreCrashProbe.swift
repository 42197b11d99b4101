// A process made to be killed: commits to a store without end and prints the number of each commit that is durable.
// Usage: StoreCrashProbe DIRECTORY COMMITS-IN-FLIGHT

import CloudStore
import Glibc
import SQLiteStore

@main
struct StoreCrashProbe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let inFlight = Int(arguments[2]) else { exit(64) }
        let store = try SQLiteStore(directory: arguments[1])
        var number = try await store.load { _ in }
        var tickets: [CommitTicket] = []
        while true {
            while tickets.count < inFlight {
                number += 1
                tickets.append(store.submit(CrashWorkload.writes(ofCommit: number)))
            }
            let line = Array("\(try await tickets.removeFirst().durable())\n".utf8)
            guard write(1, line, line.count) == line.count else { exit(1) }
        }
    }
}
