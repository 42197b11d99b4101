import CloudTypes
import Foundation
import Glibc
import Synchronization
import Testing

@testable import HTTPListener

@Suite("A conversation over one connection")
struct ConversationTests {
    @Test("carries method, target, headers, body and addresses to the handler")
    func carried() async throws {
        let seen = Mutex<HTTPRequest?>(nil)
        try await withListener { request in
            seen.withLock { $0 = request }
            return HTTPResponse(status: 201, headers: [("X-Answer", "yes")], body: [1, 2, 3])
        } client: { port in
            let client = try RawClient(port: port)
            client.send("PUT /a%20b?c=d%2F HTTP/1.1\r\nHost: h\r\nX-Twice: 1\r\nx-twice: 2\r\n")
            client.send("Content-Length: 3\r\n\r\nabc")
            let answer = try #require(client.answer())
            #expect(answer.status == 201 && answer.body == [1, 2, 3] && answer.header("X-Answer") == "yes")
            #expect(answer.header("Date")?.hasSuffix(" GMT") == true)
            #expect(answer.header("Connection") == nil)
        }
        let request = try #require(seen.withLock { $0 })
        #expect(request.method == "PUT" && request.target == "/a%20b?c=d%2F")
        #expect(request.path == "/a%20b" && request.query == "c=d%2F")
        #expect(request.headers.map(\.name) == ["Host", "X-Twice", "x-twice", "Content-Length"])
        #expect(request.header("HOST") == "h" && request.body == Array("abc".utf8))
        #expect(request.peerAddress == "127.0.0.1" && request.localAddress == "127.0.0.1")
    }

    @Test("goes on after an answer")
    func keepAlive() async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            for number in 0..<50 {
                client.send("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(client.answer()?.text == "GET /\(number)")
            }
        }
    }

    @Test("answers pipelined requests in their order, one at a time")
    func pipelined() async throws {
        let atOnce = Mutex((now: 0, most: 0))
        try await withListener { request in
            atOnce.withLock { count in
                count.now += 1
                count.most = max(count.most, count.now)
            }
            // Later requests have less to do, so that answers out of order would show.
            for _ in 0..<(request.target.hasSuffix("0") ? 50 : 1) { await Task.yield() }
            atOnce.withLock { $0.now -= 1 }
            return await echo(request)
        } client: { port in
            let client = try RawClient(port: port)
            client.send((0..<300).map { "POST /\($0) HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi" }.joined())
            for number in 0..<300 { #expect(client.answer()?.header("X-Target") == "/\(number)") }
        }
        #expect(atOnce.withLock { $0.most } == 1)
    }

    @Test(
        "ends where the client asks for it, or speaks HTTP/1.0",
        arguments: [
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
        ])
    func ended(request: String) async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            client.send(request)
            let answer = try #require(client.answer())
            #expect(answer.status == 200 && answer.header("Connection") == "close")
            #expect(client.rest().count == 0)
        }
    }

    @Test("answers a client that has ended its own side")
    func halfClosed() async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            client.send("GET /half HTTP/1.1\r\nHost: h\r\n\r\n")
            client.endSending()
            #expect(client.answer()?.text == "GET /half")
            #expect(client.rest().count == 0)
        }
    }

    @Test("answers all that a client sent before it ended its side")
    func halfClosedPipeline() async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            client.send((0..<20).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
            client.endSending()
            for number in 0..<20 { #expect(client.answer()?.text == "GET /\(number)") }
            #expect(client.rest().count == 0)
        }
    }

    @Test("brings the last answer whole, however long it is", arguments: ["close", "keep-alive"])
    func longLastAnswer(connection: String) async throws {
        let length = 8_000_000
        try await withListener { _ in
            HTTPResponse(status: 200, body: [UInt8](repeating: 7, count: length))
        } client: { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: \(connection)\r\n\r\n")
            client.endSending()
            #expect(client.answer()?.body.count == length)
            #expect(client.rest().count == 0)
        }
    }

    @Test("sends an answer of many pieces whole, to a client that reads late, and goes on to the next request")
    func pieces() async throws {
        let pieces = (0..<4000).map { number in
            [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number % 3000)
        }
        try await withListener { request in
            request.target == "/"
                ? HTTPResponse(status: 200, content: ByteRope(joining: pieces))
                : HTTPResponse(status: 200, text: request.target)
        } client: { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n")
            let other = try RawClient(port: port)
            other.send("GET /other HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(other.answer()?.text == "/other")
            #expect(client.answer()?.body == Array(pieces.joined()))
            #expect(client.answer()?.text == "/next")
        }
    }

    @Test("ends the writing of a long answer with its connection")
    func leaves() async throws {
        let pieces = [[UInt8]](repeating: [UInt8](repeating: 1, count: 5000), count: 10_000)
        try await withListener { request in
            request.target == "/"
                ? HTTPResponse(status: 200, content: ByteRope(joining: pieces))
                : HTTPResponse(status: 200, text: request.target)
        } client: { port in
            do {
                let client = try RawClient(port: port)
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            }
            let other = try RawClient(port: port)
            other.send("GET /other HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(other.answer()?.text == "/other")
        }
    }

    @Test("takes bodies in chunks")
    func chunkedBody() async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n")
            client.send("5;x=y\r\npedia\r\n0\r\nTrailer: 1\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer()?.text == "Wikipedia")
            #expect(client.answer()?.text == "GET /next")
        }
    }

    @Test("takes requests that arrive byte by byte")
    func dripped() async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            for byte in "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody".utf8 { client.send([byte]) }
            #expect(client.answer()?.text == "body")
        }
    }

    @Test("invites the body of a client that asks first")
    func expectContinue() async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            #expect(client.answer()?.status == 100)
            client.send("body")
            #expect(client.answer()?.text == "body")
        }
    }

    @Test("tells the length alone to HEAD")
    func head() async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            client.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n")
            let answer = try #require(client.headAnswer())
            #expect(answer.header("Content-Length") == "7")
            client.send("GET /y HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer()?.text == "GET /y")
        }
    }

    @Test("sends no body and no length with status 204")
    func noContent() async throws {
        try await withListener { _ in
            HTTPResponse(status: 204, body: [1])
        } client: { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let text = String(decoding: client.rest(), as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 204 No Content\r\n") && text.hasSuffix("\r\n\r\n"))
            #expect(!text.contains("Content-Length"))
        }
    }

    @Test("cannot be split by what a handler puts in a header")
    func splitting() async throws {
        try await withListener { _ in
            HTTPResponse(status: 200, headers: [("X-A", "1\r\nX-Evil: 1"), ("Content-Length", "99")])
        } client: { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            let answer = try #require(client.answer())
            #expect(answer.header("X-Evil") == nil && answer.header("X-A") == "1  X-Evil: 1")
            #expect(answer.header("Content-Length") == "0")
        }
    }

    @Test("carries large bodies both ways")
    func large() async throws {
        try await withListener { port in
            let client = try RawClient(port: port)
            let body = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n")
            client.send(body)
            #expect(client.answer()?.body == body)
            client.send("GET /again HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer()?.text == "GET /again")
        }
    }

    @Test("has the listener's hop limit from the start, and an answer's from that answer on")
    func hopLimit() async throws {
        try await withListener(ipTTL: 200) { request in
            HTTPResponse(status: 200, ipTTL: request.target == "/near" ? 1 : nil)
        } client: { port in
            // The client's kernel drops what arrives with fewer hops left; the default of 64 would not even connect.
            let client = try RawClient(port: port, minimumTTL: 150)
            client.send("GET /far HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer()?.status == 200)
            client.receiveTimeout(milliseconds: 100)
            client.send("GET /near HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer() == nil)
            // What was dropped is sent again.
            client.minimumTTL(1)
            client.receiveTimeout(milliseconds: 20_000)
            #expect(client.answer()?.status == 200)
        }
    }
}
