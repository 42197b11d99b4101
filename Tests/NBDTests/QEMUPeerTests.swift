import Foundation
import Glibc
import HostSystem
import NBD
import Testing

private let hasQEMU = HostCommand.path(of: "qemu-nbd") != nil && HostCommand.path(of: "qemu-img") != nil

@Suite("Against QEMU's own NBD", .enabled(if: hasQEMU, "qemu-utils is not installed"))
struct QEMUPeerTests {
    @Test("our client reads a qcow2 that qemu-nbd serves, and its dirty bitmap")
    func client() async throws {
        try await withFolder { folder in
            let disk = folder + "/disk.qcow2"
            try await run("qemu-img", "create", "-q", "-f", "qcow2", disk, "8M")
            try await run("qemu-img", "bitmap", "--add", "-g", "524288", disk, "since")
            try await run("qemu-io", "-f", "qcow2", "-c", "write -P 0x5a 1M 512k", "-c", "write -P 7 4M 1k", disk)
            try await run(
                "qemu-nbd", "--fork", "-r", "-f", "qcow2", "-B", "since", "-x", "disk", "-k", folder + "/s", disk)
            let socket = try UnixSocket.connect(folder + "/s")
            try await onThread {
                let client = try NBDClient(
                    socket, export: "disk", contexts: ["base:allocation", "qemu:dirty-bitmap:since"])
                defer { client.close() }
                #expect(client.size == 8 << 20)
                var bytes = [UInt8](repeating: 0, count: 1 << 20)
                try bytes.withUnsafeMutableBytes { try client.read(at: 1 << 20, into: $0) }
                #expect(bytes[..<524_288].allSatisfy { $0 == 0x5a } && bytes[524_288...].allSatisfy { $0 == 0 })
                let dirty = try client.extents(of: "qemu:dirty-bitmap:since", at: 0, length: client.size)
                #expect(
                    dirty == [
                        NBDExtent(length: 1 << 20, flags: 0), NBDExtent(length: 512 << 10, flags: 1),
                        NBDExtent(length: 2_560 << 10, flags: 0), NBDExtent(length: 512 << 10, flags: 1),
                        NBDExtent(length: 3_584 << 10, flags: 0),
                    ])
                let allocated = try client.extents(of: "base:allocation", at: 0, length: client.size)
                #expect(allocated.first?.readsAsZeroes == true)
            }
        }
    }

    @Test("qemu-img copies what our server serves, holes and all")
    func server() async throws {
        try await withFolder { folder in
            let export = MemoryExport.random(blocks: 512, seed: 5)
            try Data(export.bytes).write(to: URL(fileURLWithPath: folder + "/expected.raw"))
            let listening = try UnixSocket.listen(folder + "/s")
            let stop = Stop()
            async let served: Void = onThread {
                while true {
                    let connection = accept(listening.number, nil, nil)
                    guard connection >= 0, !stop.isRaised else {
                        if connection >= 0 { close(connection) }
                        return
                    }
                    let client = try OwnedDescriptor(connection, "accept")
                    Task { try await HostThread.run { try? NBDServer { $0 == "disk" ? export : nil }.serve(client) } }
                }
            }
            let address = "nbd+unix:///disk?socket=\(folder)/s"
            do {
                try await run(
                    "qemu-img", "convert", "-f", "raw", "-O", "raw", address, folder + "/copy.raw")
                try await run("qemu-img", "compare", "-f", "raw", "-F", "raw", address, folder + "/expected.raw")
            } catch { Issue.record("\(error)") }
            stop.raise()
            _ = try UnixSocket.connect(folder + "/s")
            try await served
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/copy.raw")) == Data(export.bytes))
        }
    }

    private func run(_ arguments: String...) async throws {
        let outcome = try await HostCommand.run(arguments)
        try #require(outcome.exitStatus == 0, "\(arguments): \(String(decoding: outcome.standardError, as: UTF8.self))")
    }

    private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await HostThread.run { Result { try body() } }.get()
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-nbd-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }
}

private final class Stop: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false
    var isRaised: Bool { lock.withLock { value } }
    func raise() { lock.withLock { value = true } }
}
