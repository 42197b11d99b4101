// The operator's side of the socket on which a running Apus takes orders: one request, one answer, plain HTTP/1.1.

import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

struct OperatorClient {
    let socketPath: String

    /// nil: nothing listens there.
    func call(_ method: String, _ target: String, body: [UInt8] = []) throws -> (status: Int, body: [UInt8])? {
        guard let descriptor = connected() else { return nil }
        defer { close(descriptor) }
        let head =
            "\(method) \(target) HTTP/1.1\r\nHost: apus\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        try send(Array(head.utf8) + body, on: descriptor)
        return try parse(receiveAll(on: descriptor))
    }

    private func connected() -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(socketPath.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            close(descriptor)
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private func send(_ bytes: [UInt8], on descriptor: Int32) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                throw CommandFailure("The running Apus hung up: \(String(cString: strerror(errno)))")
            }
            sent += count
        }
    }

    private func receiveAll(on descriptor: Int32) throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else {
                throw CommandFailure("The running Apus hung up: \(String(cString: strerror(errno)))")
            }
            if count == 0 { return all }
            all += buffer[..<count]
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> (status: Int, body: [UInt8]) {
        let separator: [UInt8] = [13, 10, 13, 10]
        guard let end = bytes.indices.dropLast(3).first(where: { bytes[$0..<$0 + 4].elementsEqual(separator) }),
            let status = Int(String(decoding: bytes.prefix(12).suffix(3), as: UTF8.self))
        else { throw CommandFailure("The running Apus answered something that is not HTTP") }
        return (status, Array(bytes[(end + 4)...]))
    }
}
