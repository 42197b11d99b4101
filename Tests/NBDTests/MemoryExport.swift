// An export for tests: bytes in memory, of which whole zero blocks are told as holes; and both ends of a connection.

import Glibc
import HostSystem
import NBD

struct MemoryExport: NBDExport {
    let bytes: [UInt8]
    /// Offsets from here on fail to be read.
    var brokenFrom = Int.max
    static let block = 4_096

    var size: Int { bytes.count }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(NBDError) {
        guard offset + buffer.count <= brokenFrom else { throw .failed(EIO) }
        buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
    }

    func extents(at offset: Int, length: Int) -> [NBDExtent] {
        var extents: [NBDExtent] = []
        var at = offset
        while at < offset + length, extents.count < 8 {
            let end = min(offset + length, (at / MemoryExport.block + 1) * MemoryExport.block)
            let flags: UInt32 = bytes[at..<end].allSatisfy { $0 == 0 } ? 0b11 : 0
            if extents.last?.flags == flags {
                extents[extents.count - 1].length += end - at
            } else {
                extents.append(NBDExtent(length: end - at, flags: flags))
            }
            at = end
        }
        return extents
    }

    /// Blocks of random bytes and of zeroes, in turn by chance.
    static func random(blocks: Int, seed: UInt64) -> MemoryExport {
        var generator = Seeded(state: seed)
        var bytes: [UInt8] = []
        for _ in 0..<blocks {
            let isZero = generator.next() % 2 == 0
            for _ in 0..<block / 8 {
                let word = isZero ? 0 : generator.next()
                withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
            }
        }
        return MemoryExport(bytes: bytes)
    }
}

struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}

/// A connected pair of stream sockets.
struct SocketPair {
    let client: OwnedDescriptor
    let server: OwnedDescriptor

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw SystemError("socketpair") }
        (client, server) = (try OwnedDescriptor(ends[0], "pair"), try OwnedDescriptor(ends[1], "pair"))
    }
}

/// Runs a server for one connection beside `body`, both on threads of their own; tells how the server ended.
func connected<Value: Sendable>(
    to exports: @escaping NBDServer.Exports, _ body: @escaping @Sendable (OwnedDescriptor) throws -> Value
) async throws -> (Result<Value, any Error>, Result<Void, NBDError>) {
    let pair = try SocketPair()
    async let served = HostThread.run {
        do throws(NBDError) {
            return Result<Void, NBDError>.success(try NBDServer(exports: exports).serve(pair.server))
        } catch { return .failure(error) }
    }
    let value = try await HostThread.run { () -> Result<Value, any Error> in
        defer { pair.client.close() }
        return Result { try body(pair.client) }
    }
    return (value, try await served)
}
