import Foundation
import Glibc
import Synchronization
import Testing

@testable import HTTPListener

@Suite("A listener's life")
struct LifeTests {
    @Test("serves many connections at once")
    func concurrent() async throws {
        try await withListener { port in
            DispatchQueue.concurrentPerform(iterations: 16) { worker in
                guard let client = try? RawClient(port: port) else {
                    Issue.record("no connection")
                    return
                }
                for number in 0..<50 {
                    client.send("GET /\(worker)/\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
                    #expect(client.answer()?.text == "GET /\(worker)/\(number)")
                }
            }
        }
    }

    @Test("ends idle connections at once")
    func idle() async throws {
        let listener = try await HTTPListener.start(on: .address(host: "127.0.0.1", port: 0), handler: echo)
        let client = try RawClient(port: listener.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = try await onThread { client.answer()?.status }
        await listener.shutdown(grace: .seconds(3600))
        #expect(listener.connectionCount == 0)
        #expect(try await onThread { client.rest().count } == 0)
        #expect(throws: (any Error).self) { _ = try RawClient(port: listener.port) }
    }

    @Test("ends after the answers to requests in work")
    func graceful() async throws {
        let gate = Gate()
        let listener = try await HTTPListener.start(on: .address(host: "127.0.0.1", port: 0)) { request in
            await gate.enter()
            return await echo(request)
        }
        let client = try RawClient(port: listener.port)
        client.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
        await gate.waitForEntry()
        async let ended: Void = listener.shutdown(grace: .seconds(3600))
        gate.open()
        #expect(try await onThread { client.answer()?.text } == "GET /late")
        #expect(try await onThread { client.rest().count } == 0)
        await ended
    }

    @Test("ends all the same when a handler never does")
    func cutOff() async throws {
        let gate = Gate()
        let listener = try await HTTPListener.start(on: .address(host: "127.0.0.1", port: 0)) { request in
            await gate.enter()
            return await echo(request)
        }
        let client = try RawClient(port: listener.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await gate.waitForEntry()
        await listener.shutdown(grace: .milliseconds(50))
        #expect(try await onThread { client.rest().count } == 0)
        gate.open()
    }

    @Test("takes a socket that is bound already")
    func descriptor() async throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(bound == 0 && listen(socket, 16) == 0)
        let listener = try await HTTPListener.start(on: .socket(descriptor: socket), ipTTL: 2, handler: echo)
        let client = try RawClient(port: listener.port)
        client.send("GET /socket HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try await onThread { client.answer()?.text } == "GET /socket")
        await listener.shutdown()
    }

    @Test("says why it cannot listen")
    func refused() async throws {
        let first = try await HTTPListener.start(on: .address(host: "127.0.0.1", port: 0), handler: echo)
        let taken = ListenAddress.address(host: "127.0.0.1", port: first.port)
        do throws(HTTPListenerError) {
            _ = try await HTTPListener.start(on: taken, handler: echo)
            Issue.record("two listeners on one port")
        } catch {
            guard case .cannotListen(taken, let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.contains("in use"))
        }
        await first.shutdown()
    }

    @Test(
        "prints dates as HTTP wants them",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (1_440_938_160, "Sun, 30 Aug 2015 12:36:00 GMT"),
        ])
    func dates(second: Int, text: String) { #expect(DateText.text(of: second) == text) }
}

/// Holds handlers back until a test lets them go.
final class Gate: Sendable {
    private struct State: Sendable {
        var isOpen = false
        var inside: [CheckedContinuation<Void, Never>] = []
        var entered = false
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func enter() async {
        await withCheckedContinuation { continuation in
            let (isOpen, watchers) = state.withLock { state in
                state.entered = true
                if !state.isOpen { state.inside.append(continuation) }
                defer { state.watchers = [] }
                return (state.isOpen, state.watchers)
            }
            for watcher in watchers { watcher.resume() }
            if isOpen { continuation.resume() }
        }
    }

    func waitForEntry() async {
        await withCheckedContinuation { continuation in
            let entered = state.withLock { state in
                if !state.entered { state.watchers.append(continuation) }
                return state.entered
            }
            if entered { continuation.resume() }
        }
    }

    func open() {
        let inside = state.withLock { state in
            state.isOpen = true
            defer { state.inside = [] }
            return state.inside
        }
        for continuation in inside { continuation.resume() }
    }
}
