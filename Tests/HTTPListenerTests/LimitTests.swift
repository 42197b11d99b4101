import Foundation
import Glibc
import Synchronization
import Testing

@testable import HTTPListener

@Suite("A listener's limits")
struct LimitTests {
    private func limits(_ change: (inout HTTPListenerLimits) -> Void) -> HTTPListenerLimits {
        var limits = HTTPListenerLimits()
        change(&limits)
        return limits
    }

    private func post(_ announced: Int, sending count: Int) -> String {
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(announced)\r\n\r\n" + String(repeating: "x", count: count)
    }

    @Test("refuse a body that is announced too long, before it is sent")
    func announcedBody() async throws {
        try await withListener(limits { $0.maxBodyBytes = 100 }) { port in
            let client = try RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n")
            #expect(client.answer()?.status == 413)
            #expect(client.rest().count == 0)
            let fitting = try RawClient(port: port)
            fitting.send(post(100, sending: 100))
            #expect(fitting.answer()?.body.count == 100)
        }
    }

    @Test("refuse a chunked body once it is too long")
    func chunkedBody() async throws {
        try await withListener(limits { $0.maxBodyBytes = 100 }) { port in
            let client = try RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<20 { client.send("a\r\n0123456789\r\n") }
            #expect(client.answer()?.status == 413)
        }
    }

    @Test("let a client read the refusal while it still sends")
    func sendingOn() async throws {
        try await withListener(limits { $0.maxBodyBytes = 100 }) { port in
            let client = try RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
            client.send([UInt8](repeating: 0, count: 1_000_000))
            #expect(client.answer()?.status == 413)
        }
    }

    @Test("refuse bodies that are too much for all connections together")
    func heldBytes() async throws {
        let gate = Gate()
        let entered = DispatchSemaphore(value: 0)
        try await withListener(limits { $0.maxHeldBodyBytes = 1500 }) { request in
            if request.body.count == 1001 {
                entered.signal()
                await gate.enter()
            }
            return await echo(request)
        } client: { port in
            let first = try RawClient(port: port)
            first.send(post(1001, sending: 1001))
            entered.wait()
            let second = try RawClient(port: port)
            second.send(post(1000, sending: 1000))
            #expect(second.answer()?.status == 503)
            gate.open()
            #expect(first.answer()?.body.count == 1001)
            let third = try RawClient(port: port)
            third.send(post(1400, sending: 1400))
            #expect(third.answer()?.status == 200)
        }
    }

    @Test(
        "refuse headers that are too long or too many",
        arguments: [
            "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 5000) + "\r\n\r\n",
            "GET /" + String(repeating: "x", count: 5000) + " HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 40) + "\r\n",
        ])
    func headers(request: String) async throws {
        try await withListener(
            limits {
                $0.maxHeaderBytes = 4096
                $0.maxHeaderCount = 20
            }
        ) { port in
            let client = try RawClient(port: port)
            client.send(request)
            #expect(client.answer()?.status == 431)
            #expect(client.rest().count == 0)
        }
    }

    @Test(
        "answer what is no HTTP with 400",
        arguments: [
            "hello\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", "GET\r\n\r\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        ])
    func garbage(request: String) async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            client.send(request)
            #expect(client.answer()?.status == 400)
            #expect(client.rest().count == 0)
        }
    }

    @Test("answer garbage behind a good request in its turn")
    func garbageBehind() async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            client.send("GET /good HTTP/1.1\r\nHost: h\r\n\r\n{}{}{}\r\n\r\n")
            #expect(client.answer()?.text == "GET /good")
            #expect(client.answer()?.status == 400)
            #expect(client.rest().count == 0)
        }
    }

    @Test(
        "end a client that is slow with its headers or its body",
        arguments: [
            "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc", "G",
        ])
    func slow(request: String) async throws {
        try await withListener(
            limits {
                $0.headerTimeout = .milliseconds(50)
                $0.bodyTimeout = .milliseconds(50)
            }
        ) { port in
            let client = try RawClient(port: port)
            client.send(request)
            #expect(client.answer()?.status == 408)
            #expect(client.rest().count == 0)
        }
    }

    @Test("end a client that drips: each byte gains it nothing")
    func dripping() async throws {
        try await withListener(
            limits {
                $0.headerTimeout = .milliseconds(100)
                $0.maxHeaderBytes = 1 << 30
            }
        ) { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nX: ")
            let dripping = Atomic(true)
            Thread {
                // Ends by itself once the listener has closed the connection and sending fails.
                while dripping.load(ordering: .relaxed),
                    Glibc.send(client.descriptor, "X", 1, Int32(MSG_NOSIGNAL)) == 1
                {
                    sched_yield()
                }
            }.start()
            #expect(client.answer()?.status == 408)
            dripping.store(false, ordering: .relaxed)
        }
    }

    @Test("end a silent client without a word")
    func idle() async throws {
        try await withListener(limits { $0.idleTimeout = .milliseconds(50) }) { port in
            let silent = try RawClient(port: port)
            #expect(silent.rest().count == 0)
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer()?.status == 200)
            #expect(client.rest().count == 0)
        }
    }

    @Test("end a client that does not take its answer")
    func notReading() async throws {
        let listener = try await HTTPListener.start(
            on: .address(host: "127.0.0.1", port: 0), limits: limits { $0.writeTimeout = .milliseconds(100) }
        ) { _ in HTTPResponse(status: 200, body: [UInt8](repeating: 7, count: 20_000_000)) }
        let client = try RawClient(port: listener.port)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        while listener.connectionCount == 0 { await Task.yield() }
        while listener.connectionCount > 0 { await Task.yield() }
        #expect(try await onThread { client.rest().count } < 20_000_000)
        await listener.shutdown()
    }

    @Test("turn away connections that are too many, and take new ones when there is room")
    func connections() async throws {
        try await withListener(limits { $0.maxConnections = 2 }) { port in
            var clients = [try RawClient(port: port), try RawClient(port: port)]
            for client in clients {
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(client.answer()?.status == 200)
            }
            let third = try RawClient(port: port)
            #expect(String(decoding: third.rest(), as: UTF8.self).hasPrefix("HTTP/1.1 503 "))
            clients[0].endSending()
            #expect(clients[0].rest().count == 0)
            clients.removeFirst()
            var status: Int?
            // The place is free once the listener has seen the end, which comes after we have.
            while status != 200 {
                let next = try RawClient(port: port)
                next.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                status = next.answer()?.status
            }
        }
    }
}
