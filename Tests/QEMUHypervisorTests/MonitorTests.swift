import Foundation
import HostSystem
import JSON
import QMP
import Testing

@testable import QEMUHypervisor

@Suite("The monitor of a guest", .timeLimit(.minutes(2)))
struct MonitorTests {
    @Test("that accepts nobody is given up in time, however often it was before")
    func deaf() async throws {
        let path = NSTemporaryDirectory() + "apus-deaf-\(UUID().uuidString.prefix(8))"
        let listener = try UnixSocket.listen(path)
        defer { unlink(path) }
        let monitor = GuestMonitor(socketPath: path) { _ in }
        for _ in 0..<30 {
            await #expect(throws: QMPError.self) {
                try await monitor.execute("query-status", within: .milliseconds(20))
            }
        }
        await monitor.close()
        withExtendedLifetime(listener) {}
    }
}
