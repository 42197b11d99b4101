import Glibc
import HostSystem
import NBD
import Testing

@Suite("A client and a server of ours")
struct NBDPairTests {
    private static func serving(_ export: MemoryExport) -> NBDServer.Exports {
        { $0 == "disk" ? export : nil }
    }

    private static func bytes(_ client: NBDClient, _ offset: Int, _ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xee, count: count)
        try bytes.withUnsafeMutableBytes { try client.read(at: offset, into: $0) }
        return bytes
    }

    @Test("read what the export holds, wherever and however long")
    func reads() async throws {
        let export = MemoryExport.random(blocks: 64, seed: 7)
        let (outcome, served) = try await connected(to: Self.serving(export)) { socket in
            let client = try NBDClient(socket, export: "disk")
            var generator = Seeded(state: 3)
            #expect(client.size == export.size && client.isReadOnly)
            for _ in 0..<200 {
                let offset = Int.random(in: 0..<export.size, using: &generator)
                let count = Int.random(in: 1...export.size - offset, using: &generator)
                #expect(try Self.bytes(client, offset, count) == Array(export.bytes[offset..<offset + count]))
            }
            client.close()
        }
        try outcome.get()
        try served.get()
    }

    @Test("tell which runs are zeroes")
    func extents() async throws {
        let export = MemoryExport.random(blocks: 64, seed: 11)
        let (outcome, _) = try await connected(to: Self.serving(export)) { socket in
            let client = try NBDClient(socket, export: "disk", contexts: ["base:allocation"])
            defer { client.close() }
            var at = 0
            while at < export.size {
                let extents = try client.extents(of: "base:allocation", at: at, length: export.size - at)
                #expect(extents == export.extents(at: at, length: export.size - at))
                at += extents.reduce(0) { $0 + $1.length }
            }
            #expect(at == export.size)
        }
        try outcome.get()
    }

    @Test("a read that the export cannot do fails, and the next one works")
    func failure() async throws {
        var broken = MemoryExport.random(blocks: 4, seed: 1)
        broken.brokenFrom = 8_192
        let export = broken
        let (outcome, served) = try await connected(to: Self.serving(export)) { socket in
            let client = try NBDClient(socket, export: "disk")
            #expect(throws: NBDError.failed(EIO)) { try Self.bytes(client, 8_192, 512) }
            #expect(throws: NBDError.failed(EINVAL)) { try Self.bytes(client, 16_384, 512) }
            #expect(throws: NBDError.failed(EINVAL)) { try Self.bytes(client, 16_000, 512) }
            #expect(try Self.bytes(client, 0, 512) == Array(export.bytes[..<512]))
            client.close()
        }
        try outcome.get()
        try served.get()
    }

    @Test("an unknown export or context is refused")
    func refused() async throws {
        let export = MemoryExport.random(blocks: 1, seed: 1)
        let (outcome, _) = try await connected(to: Self.serving(export)) { socket in
            _ = try NBDClient(socket, export: "another")
        }
        #expect(throws: NBDError.refused("no export another")) { try outcome.get() }
        let (context, _) = try await connected(to: Self.serving(export)) { socket in
            _ = try NBDClient(socket, export: "disk", contexts: ["qemu:dirty-bitmap:x"])
        }
        #expect(throws: NBDError.refused("the export has no qemu:dirty-bitmap:x")) { try context.get() }
    }

    @Test("a peer that hangs up in the middle is an error, not a wait", arguments: [0, 1, 17, 18, 40])
    func cutOff(count: Int) async throws {
        let pair = try SocketPair()
        let client = pair.client
        async let connecting = HostThread.run { Result { _ = try NBDClient(client, export: "disk") } }
        let greeting: [UInt8] = Array("NBDMAGICIHAVEOPT".utf8) + [0, 3] + [UInt8](repeating: 0, count: 64)
        _ = greeting.prefix(count).withUnsafeBytes { send(pair.server.number, $0.baseAddress, $0.count, 0) }
        pair.server.close()
        let outcome = try await connecting
        #expect(throws: NBDError.self) { try outcome.get() }
    }

    @Test("no bytes of a client break the server", arguments: 0..<200)
    func surpriseFromClient(seed: Int) async throws {
        let export = MemoryExport.random(blocks: 2, seed: 1)
        let (outcome, served) = try await connected(to: Self.serving(export)) { socket in
            var generator = Seeded(state: UInt64(seed))
            var bytes = Fragments.session()
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 4..<bytes.count, using: &generator)] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = bytes.withUnsafeBytes { send(socket.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            shutdown(socket.number, Int32(SHUT_WR))
            // Everything it says is read, until it hangs up.
            var rest = [UInt8](repeating: 0, count: 1 << 16)
            while recv(socket.number, &rest, rest.count, 0) > 0 {}
        }
        try outcome.get()
        if case .failure(let error) = served {
            switch error {
            case .closed, .malformed, .refused: break
            case .timedOut, .failed: Issue.record("\(error)")
            }
        }
    }
}

/// Bytes that a client might send.
enum Fragments {
    /// Flags, structured replies, contexts, go, a read, a block status, good-bye.
    static func session() -> [UInt8] {
        func number(_ value: UInt64, _ size: Int) -> [UInt8] {
            (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (size - 1 - $0))) }
        }
        func option(_ code: UInt64, _ payload: [UInt8]) -> [UInt8] {
            Array("IHAVEOPT".utf8) + number(code, 4) + number(UInt64(payload.count), 4) + payload
        }
        func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count), 4) + Array(text.utf8) }
        func request(_ command: UInt64, _ offset: UInt64, _ length: UInt64) -> [UInt8] {
            number(0x2560_9513, 4) + number(0, 2) + number(command, 2) + number(9, 8) + number(offset, 8)
                + number(length, 4)
        }
        return number(3, 4) + option(8, []) + option(10, text("disk") + number(1, 4) + text("base:allocation"))
            + option(7, text("disk") + number(0, 2)) + request(0, 0, 4_096) + request(7, 0, 8_192)
            + request(1, 0, 0) + request(3, 0, 0) + request(2, 0, 0)
    }
}
