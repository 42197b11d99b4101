// Whole messages over a connected socket, by a thread that waits for them. Numbers are big-endian, as the protocol has it.

import Glibc
import HostSystem

/// Used by one thread at a time.
struct NBDSocket {
    let descriptor: OwnedDescriptor

    /// - Parameter seconds: how long the peer may be silent while we wait for it.
    init(_ descriptor: OwnedDescriptor, silenceLimit seconds: Int?) throws(NBDError) {
        self.descriptor = descriptor
        guard let seconds else { return }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            let size = socklen_t(MemoryLayout<timeval>.size)
            guard setsockopt(descriptor.number, SOL_SOCKET, option, &limit, size) == 0 else {
                throw .closed(SystemError("setsockopt").description)
            }
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(NBDError) {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let count = recv(descriptor.number, base + done, buffer.count - done, 0)
            switch count {
            case 1...: done += count
            case 0: throw .closed("the peer hung up")
            default: try outlast("recv")
            }
        }
    }

    func read(_ count: Int) throws(NBDError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let outcome: Result<Void, NBDError> = bytes.withUnsafeMutableBytes { buffer in
            do throws(NBDError) { return .success(try read(into: buffer)) } catch { return .failure(error) }
        }
        try outcome.get()
        return bytes
    }

    func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(NBDError) -> Number {
        var value = Number.zero
        let outcome: Result<Void, NBDError> = withUnsafeMutableBytes(of: &value) { buffer in
            do throws(NBDError) { return .success(try read(into: buffer)) } catch { return .failure(error) }
        }
        try outcome.get()
        return Number(bigEndian: value)
    }

    /// Reads so many bytes and forgets them.
    func skip(_ count: Int) throws(NBDError) {
        var left = count
        while left > 0 {
            let step = min(left, 64 << 10)
            _ = try read(step)
            left -= step
        }
    }

    func write(_ bytes: [UInt8]) throws(NBDError) {
        let outcome: Result<Void, NBDError> = bytes.withUnsafeBytes { buffer in
            do throws(NBDError) { return .success(try write(buffer)) } catch { return .failure(error) }
        }
        try outcome.get()
    }

    func write(_ buffer: UnsafeRawBufferPointer) throws(NBDError) {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let count = send(descriptor.number, base + done, buffer.count - done, Int32(MSG_NOSIGNAL))
            if count >= 0 { done += count } else { try outlast("send") }
        }
    }

    /// Returns where the call is to be made again.
    private func outlast(_ call: String) throws(NBDError) {
        switch errno {
        case EINTR: return
        case EAGAIN: throw .timedOut
        default: throw .closed(SystemError(call).description)
        }
    }
}

extension [UInt8] {
    mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

/// Reads a message's numbers one after another.
struct NBDFields {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(NBDError) -> Number {
        let size = MemoryLayout<Number>.size
        guard rest.count >= size else { throw .malformed("a message ends early") }
        defer { rest = rest.dropFirst(size) }
        return rest.prefix(size).reduce(Number.zero) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func text(_ count: Int) throws(NBDError) -> String {
        guard count >= 0, rest.count >= count else { throw .malformed("a message ends early") }
        defer { rest = rest.dropFirst(count) }
        return String(decoding: rest.prefix(count), as: UTF8.self)
    }

    mutating func text() -> String {
        defer { rest = [] }
        return String(decoding: rest, as: UTF8.self)
    }
}
