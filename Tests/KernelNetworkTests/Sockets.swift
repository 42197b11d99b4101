// Sockets inside a lab's namespaces: a handshake needs no accepting program, so a test is one thread of steps.

import CloudTypes
import Glibc
import HostSystem

/// How long a test waits for a packet that must come, and for one that must not.
let patience: Int32 = 3000
let silence: Int32 = 250

struct Endpoint: Equatable {
    var address: IPv4Address
    var port: UInt16
}

/// A socket of some namespace.
struct Wire: Sendable {
    let descriptor: OwnedDescriptor
    private var number: Int32 { descriptor.number }

    init(_ kind: Int32, in namespace: OwnedDescriptor) async throws {
        let made = try await HostThread.run(inNamespace: namespace.number) {
            socket(AF_INET, kind | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        }
        descriptor = try OwnedDescriptor(made, "socket")
    }

    private init(_ descriptor: OwnedDescriptor) { self.descriptor = descriptor }

    /// Takes over a socket that a fabric opened.
    init(_ number: Int32) throws { descriptor = try OwnedDescriptor(number, "socket") }

    /// A socket that listens (TCP) or waits for datagrams (UDP).
    static func server(
        _ kind: __socket_type = SOCK_STREAM, in namespace: OwnedDescriptor, port: UInt16,
        address: IPv4Address = IPv4Address(0)
    ) async throws -> Wire {
        let wire = try await Wire(Int32(kind.rawValue), in: namespace)
        try wire.bind(address, port)
        if kind == SOCK_STREAM, Glibc.listen(wire.number, 16) != 0 { throw SystemError("listen") }
        return wire
    }

    func bind(_ address: IPv4Address, _ port: UInt16 = 0) throws {
        var on: Int32 = 1
        setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        // IP_FREEBIND: for tests that lie about their address.
        setsockopt(number, Int32(IPPROTO_IP), 15, &on, socklen_t(MemoryLayout<Int32>.size))
        let status = Wire.with(address, port) { Glibc.bind(number, $0, $1) }
        if status != 0 { throw SystemError("bind") }
    }

    /// A TCP connection from `namespace`; nil when none comes about in `timeout` milliseconds.
    static func connect(
        from namespace: OwnedDescriptor, to address: IPv4Address, _ port: UInt16, source: IPv4Address? = nil,
        timeout: Int32 = patience
    ) async throws -> Wire? {
        let wire = try await Wire(Int32(SOCK_STREAM.rawValue), in: namespace)
        if let source { try wire.bind(source) }
        _ = with(address, port) { Glibc.connect(wire.number, $0, $1) }
        guard wire.wait(Int16(POLLOUT), timeout) else { return nil }
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(wire.number, SOL_SOCKET, SO_ERROR, &error, &size)
        return error == 0 ? wire : nil
    }

    /// The next connection of a listener, and who it is from.
    func accept(timeout: Int32 = patience) -> (Wire, Endpoint)? {
        guard wait(Int16(POLLIN), timeout) else { return nil }
        var peer = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let accepted = withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.accept(number, $0, &size) }
        }
        guard let descriptor = try? OwnedDescriptor(accepted, "accept") else { return nil }
        return (Wire(descriptor), Wire.endpoint(peer))
    }

    func send(_ text: String) { _ = Glibc.send(number, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

    /// What comes next; nil when nothing does.
    func receive(timeout: Int32 = patience) -> String? {
        receiveFrom(timeout: timeout).map { String(decoding: $0.0, as: UTF8.self) }
    }

    func send(_ bytes: [UInt8], to address: IPv4Address, _ port: UInt16) {
        _ = Wire.with(address, port) { sendto(number, bytes, bytes.count, 0, $0, $1) }
    }

    func receiveFrom(timeout: Int32 = patience) -> ([UInt8], Endpoint)? {
        guard wait(Int16(POLLIN), timeout) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        var peer = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(number, &buffer, buffer.count, 0, $0, &size)
            }
        }
        guard count > 0 else { return nil }
        return (Array(buffer[..<count]), Wire.endpoint(peer))
    }

    private func wait(_ event: Int16, _ timeout: Int32) -> Bool {
        var request = pollfd(fd: number, events: event, revents: 0)
        return poll(&request, 1, timeout) > 0
    }

    private static func endpoint(_ address: sockaddr_in) -> Endpoint {
        let number = UInt32(bigEndian: address.sin_addr.s_addr)
        return Endpoint(address: IPv4Address(number), port: UInt16(bigEndian: address.sin_port))
    }

    private static func with<Value>(
        _ address: IPv4Address, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = address.number.bigEndian
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// Whether a program in `source` reaches a TCP port; answers at once when it does.
func reaches(
    _ address: IPv4Address, _ port: UInt16, from source: OwnedDescriptor, timeout: Int32 = patience
) async throws -> Bool {
    try await Wire.connect(from: source, to: address, port, timeout: timeout) != nil
}
