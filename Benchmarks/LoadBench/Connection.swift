// A blocking keep-alive connection to 127.0.0.1.

import Glibc

final class Connection {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init?(port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard descriptor >= 0, result == 0 else { return nil }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    func send(_ request: ArraySlice<UInt8>) -> Bool {
        request.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = write(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// The status of an answer that has been read to its end; nil where it breaks off or tells no length.
    func receive() -> Int? {
        var count = 0
        while true {
            let got = buffer.withUnsafeMutableBytes { bytes in
                read(descriptor, bytes.baseAddress.map { $0 + count }, bytes.count - count)
            }
            guard got > 0 else { return nil }
            count += got
            guard let end = headEnd(count) else { continue }
            guard let length = contentLength(end) else { return nil }
            if count >= end + length { return Int(String(decoding: buffer[9..<12], as: UTF8.self)) }
        }
    }

    private func headEnd(_ count: Int) -> Int? {
        guard count >= 4 else { return nil }
        for place in 3..<count
        where buffer[place] == 10 && buffer[place - 1] == 13 && buffer[place - 2] == 10 && buffer[place - 3] == 13 {
            return place + 1
        }
        return nil
    }

    private func contentLength(_ end: Int) -> Int? {
        let head = String(decoding: buffer[..<end], as: UTF8.self)
        for line in head.split(separator: "\r\n") where line.utf8.count > 15 {
            guard line.prefix(15).lowercased() == "content-length:" else { continue }
            return Int(line.dropFirst(15).drop { $0 == " " })
        }
        return nil
    }
}
