// A client that sends exactly what it is told, over a blocking socket: the wire is what these tests are about.

import Foundation
import Glibc
import Testing

@testable import HTTPListener

struct Unreachable: Error {}

/// One TCP connection over loopback. Blocking, with a time limit on every read.
final class RawClient: @unchecked Sendable {
    let descriptor: Int32

    init(port: Int, minimumTTL: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        receiveTimeout(milliseconds: 20_000)
        if let minimumTTL { self.minimumTTL(minimumTTL) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Unreachable() }
    }

    func receiveTimeout(milliseconds: Int) {
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Lets the kernel drop packets that arrive with fewer hops left.
    func minimumTTL(_ hops: Int32) {
        var hops = hops
        setsockopt(descriptor, Int32(IPPROTO_IP), IP_MINTTL, &hops, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads until the other side ends, or a whole answer of the length that it announces is there.
    func answer() -> RawAnswer? {
        while true {
            if let answer = RawAnswer(&buffer, isHead: false) { return answer }
            guard receive() else { return nil }
        }
    }

    /// The headers alone, as of an answer to HEAD.
    func headAnswer() -> RawAnswer? {
        while true {
            if let answer = RawAnswer(&buffer, isHead: true) { return answer }
            guard receive() else { return nil }
        }
    }

    /// Everything until the other side ends.
    func rest() -> [UInt8] {
        while receive() {}
        defer { buffer = [] }
        return buffer
    }

    private var buffer: [UInt8] = []

    private func receive() -> Bool {
        var part = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &part, part.count, 0)
        guard count > 0 else { return false }
        buffer.append(contentsOf: part.prefix(count))
        return true
    }
}

struct RawAnswer {
    let status: Int
    let head: String
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix(name.lowercased() + ": ") {
            return String(line.dropFirst(name.count + 2))
        }
        return nil
    }

    /// Takes the first answer out of a buffer, if it is there whole.
    init?(_ buffer: inout [UInt8], isHead: Bool) {
        guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
        status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
        var length = 0
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length: ") {
            length = Int(line.dropFirst(16)) ?? 0
        }
        if isHead { length = 0 }
        guard buffer.count >= end.upperBound + length else { return nil }
        body = Array(buffer[end.upperBound..<(end.upperBound + length)])
        buffer.removeFirst(end.upperBound + length)
    }
}

/// Runs blocking client work away from the threads that the listener's handlers run on.
func onThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try work() }) }.start()
    }
}

/// A listener for the length of one test, and a client's view of it.
func withListener(
    _ limits: HTTPListenerLimits = HTTPListenerLimits(), ipTTL: Int? = nil,
    handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse = echo,
    client: @escaping @Sendable (Int) throws -> Void
) async throws {
    let listener = try await HTTPListener.start(
        on: .address(host: "127.0.0.1", port: 0), limits: limits, ipTTL: ipTTL, handler: handler)
    let port = listener.port
    let outcome = await Result { try await onThread { try client(port) } }
    await listener.shutdown()
    try outcome.get()
}

extension Result where Failure == any Error {
    fileprivate init(_ work: () async throws -> Success) async {
        do { self = .success(try await work()) } catch { self = .failure(error) }
    }
}

/// Answers with what was asked.
@Sendable func echo(_ request: HTTPRequest) async -> HTTPResponse {
    HTTPResponse(
        status: 200, headers: [("X-Method", request.method), ("X-Target", request.target)],
        body: request.body.isEmpty ? Array("\(request.method) \(request.target)".utf8) : request.body)
}
