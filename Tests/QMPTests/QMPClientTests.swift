import Glibc
import JSON
import NIOCore
import QMP
import Testing

/// A monitor's end of a socket pair, driven by the test.
private final class FakeMonitor: Sendable {
    let descriptor: Int32
    let client: Int32
    init() throws {
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        (descriptor, client) = (pair[0], pair[1])
    }
    deinit { close(descriptor) }

    func say(_ lines: String...) {
        let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Says the lines once `count` commands have come.
    func say(after count: Int, _ lines: String...) async {
        var seen = 0
        var buffer = [UInt8](repeating: 0, count: 4096)
        while seen < count {
            let length = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if length > 0 { seen += buffer[..<length].count { $0 == 0x0a } }
            await Task.yield()
        }
        for line in lines { say(line) }
    }

    /// Says what a monitor says until it is ready for commands.
    func greet() { say(#"{"QMP":{}}"#, #"{"return":{},"id":0}"#) }
    func hangUp() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
}

@Suite("A monitor's client")
struct QMPClientTests {
    @Test("a command is answered, events are passed on, and both end with the connection")
    func journey() async throws {
        let monitor = try FakeMonitor()
        monitor.greet()
        let client = try await QMPClient.connect(monitor.client)
        async let answer = client.execute("query-status")
        await monitor.say(
            after: 2, #"{"event":"RESUME"}"#, #"{"return":{"running":true},"id":1}"#, #"{"event":"STOP"}"#)
        let running = try await answer["running"]?.flag
        #expect(running == true)
        monitor.hangUp()
        var names: [String] = []
        for await event in client.events { names.append(event.name) }
        #expect(names == ["RESUME", "STOP"])
        await #expect(throws: QMPError.closed) { try await client.execute("query-status") }
    }

    @Test("a command that is not answered in time fails by itself, and the next one works")
    func deadline() async throws {
        let monitor = try FakeMonitor()
        monitor.greet()
        let client = try await QMPClient.connect(monitor.client)
        await #expect(throws: QMPError.timedOut(command: "stop")) {
            try await client.execute("stop", within: .milliseconds(20))
        }
        async let next = client.execute("next")
        await monitor.say(after: 3, #"{"return":{},"id":1}"#, #"{"return":5,"id":2}"#)
        let answer = try await next
        #expect(answer == 5)
    }

    @Test("a monitor that never greets is given up")
    func silence() async throws {
        let monitor = try FakeMonitor()
        await #expect(throws: QMPError.timedOut(command: "qmp_capabilities")) {
            _ = try await QMPClient.connect(monitor.client, within: .milliseconds(20))
        }
    }

    @Test("a monitor that hangs up before it greets is gone")
    func hangUp() async throws {
        let monitor = try FakeMonitor()
        monitor.hangUp()
        await #expect(throws: QMPError.self) { _ = try await QMPClient.connect(monitor.client) }
    }

    @Test("what speaks another protocol is refused, and so are commands then")
    func otherProtocol() async throws {
        let monitor = try FakeMonitor()
        monitor.say("220 smtp.example.com ready")
        await #expect(throws: QMPError.self) { _ = try await QMPClient.connect(monitor.client) }
        let other = try FakeMonitor()
        other.greet()
        let client = try await QMPClient.connect(other.client)
        other.say("what?")
        await #expect(throws: QMPError.self) { try await client.execute("query-status") }
    }

    @Test("hanging up fails the commands that wait")
    func close() async throws {
        let monitor = try FakeMonitor()
        monitor.greet()
        let client = try await QMPClient.connect(monitor.client)
        let answer = Task { try await client.execute("query-status") }
        await client.close()
        await #expect(throws: QMPError.closed) { _ = try await answer.value }
    }
}
