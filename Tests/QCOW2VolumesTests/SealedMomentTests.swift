// Moments of encrypted volumes, as files and as they are served.

import Backends
import CloudTypes
import Foundation
import HostSystem
import KeyRing
import NBD
import NodeContract
import Testing

@testable import QCOW2Volumes

private let hasTools = HostCommand.path(of: "qemu-img") != nil && HostCommand.path(of: "qemu-nbd") != nil

@Suite("Moments of an encrypted volume", .enabled(if: hasTools, "qemu-img or qemu-nbd is not installed"))
struct SealedMomentTests {
    private let directory: TemporaryDirectory
    private let volumes: QCOW2Volumes
    private let volume: VolumeID
    private let first: SnapshotID
    private let second: SnapshotID

    init() async throws {
        volume = try #require(VolumeID("vol-0123456789abcdef0"))
        first = try #require(SnapshotID("snap-0123456789abcdef0"))
        second = try #require(SnapshotID("snap-0123456789abcdef1"))
        directory = try TemporaryDirectory()
        volumes = try QCOW2Volumes(directory: directory.path, keys: KeyRing(directory: directory.path + "/keys"))
        let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: 3, snapshot: nil, key: key))
    }

    /// As a guest's QEMU has them: the moment's file keeps what the volume had.
    @Test("keep what was there in the clear nowhere, are as large as the volume, and open by its passphrase")
    func kept() async throws {
        try await io("write -P 0x5a 1M 1M")
        let moment = try await volumes.makeMoment(first, of: volume)
        let info = try await directory.run("qemu-img", "info", "--output=json", "-f", "qcow2", moment)
        #expect(info.contains("\"virtual-size\": \(3 << 30),"))
        #expect(try directory.allocated(moment) <= 1 << 20)
        #expect(try await volumes.isMomentWhole(first))
        try await io("write -P 0x5a 1M 1M", on: moment)
        try await io("write -P 0xa5 1M 2M")
        #expect(try await volumes.isMomentWhole(first))
        try directory.expectNowhere([0x5a, 0xa5], but: ["secret"])
        let checked = try await tool(["qemu-img", "check"], ["--image-opts", image(moment)])
        #expect(checked.contains("No errors"), "\(checked)")

        let served = try await volumes.serveMoment(first, of: volume, changedSince: nil)
        // What was not overwritten shows through.
        #expect(try await read(served.source, at: [1 << 20, 2 << 20, 3 << 20]) == [0x5a, 0xa5, 0])
        await served.end()
        try await volumes.removeMoment(first)
        #expect(try directory.names(in: "moments").isEmpty)
    }

    @Test("of one that nobody has open are marked, told apart and forgotten, by a server that hides the passphrase")
    func free() async throws {
        try await io("write -P 0x5a 1M 1M")
        try await volumes.markChanges(of: volume, since: first)
        try await volumes.markChanges(of: volume, since: first)
        try await io("write -P 0x77 5M 64k")
        try await volumes.markChanges(of: volume, since: second)
        try await volumes.forgetChanges(of: volume, exceptSince: [first, second])
        let served = try await volumes.serveMoment(second, of: volume, changedSince: first)
        let pid = try #require(try server())
        // Whoever is first among all processes need not take note of its end.
        let status = try #require(SmallFile.read("/proc/\(pid)/status"))
        #expect(status.contains("PPid:\t\(getpid())\n"))
        let digits = Data(try #require(try await volumes.file(of: volume).passphrase).digits)
        for place in ["cmdline", "environ"] {
            let bytes = try #require(FileManager.default.contents(atPath: "/proc/\(pid)/\(place)"))
            #expect(!bytes.isEmpty && bytes.range(of: digits) == nil, "\(place)")
        }
        let changes = try #require(served.source.changes)
        let changed = try await extents(served.source, changes)
        #expect(changed == [10: true])
        await served.end()
        #expect(SmallFile.read("/proc/\(pid)/status") == nil)
        try directory.expectNowhere([0x5a, 0x77], but: ["secret"])
        try await volumes.forgetChanges(of: volume, exceptSince: [])
        let after = try await volumes.serveMoment(second, of: volume, changedSince: first)
        #expect(after.source.changes == nil)
        await after.end()
        let checked = try await tool(
            ["qemu-img", "check"], ["--image-opts", image(try await volumes.file(of: volume).path)])
        #expect(checked.contains("No errors"), "\(checked)")
    }

    /// A snapshot's bytes as they are fed: of one byte each megabyte.
    private struct Fed: NBDExport {
        let size = 1 << 30
        func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(NBDError) {
            for place in 0..<buffer.count {
                let megabyte = (offset + place) >> 20
                buffer[place] = megabyte == 1 ? 0x5a : megabyte == 600 ? 0xa5 : 0
            }
        }
        func extents(at offset: Int, length: Int) -> [NBDExtent] {
            let megabyte = offset >> 20
            let flags: UInt32 = megabyte == 1 || megabyte == 600 ? 0 : 3
            return [NBDExtent(length: min(length, (megabyte + 1) << 20 - offset), flags: flags)]
        }
    }

    private func makeBase(of bytes: SnapshotBytes) async throws {
        try await volumes.makeSealedBase(bytes, bytes: 1 << 30) { feed, use in
            let server = NBDServer { $0 == SnapshotFeed.export(of: bytes) ? Fed() : nil }
            let listener = try UnixSocket.listen("\(feed.folder)/\(SnapshotFeed.socketName)")
            let serving = Task {
                try await HostThread.run {
                    while let connection = UnixSocket.accept(listener) { try? server.serve(connection) }
                }
            }
            try await use()
            shutdown(listener.number, Int32(SHUT_RDWR))
            try await serving.value
        }
    }

    @Test("are read over no base that a crash robbed of its key alone, which is made anew")
    func robbed() async throws {
        let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
        let bytes = SnapshotBytes(second, key: key)
        let keyFile = "\(directory.path)/keys/bases/\(second)"
        try await makeBase(of: bytes)
        try FileManager.default.removeItem(atPath: keyFile)
        let made = try #require(VolumeID("vol-0123456789abcdef1"))
        try await volumes.create(VolumeSpec(id: made, sizeGiB: 1, snapshot: bytes, key: key))
        #expect(try await volumes.file(of: made).feed != nil)
        try await volumes.delete(made)
        try await makeBase(of: bytes)
        try await volumes.create(VolumeSpec(id: made, sizeGiB: 1, snapshot: bytes, key: key))
        let served = try await volumes.serveMoment(first, of: made, changedSince: nil)
        #expect(try await read(served.source, at: [1 << 20, 2 << 20, 600 << 20]) == [0x5a, 0, 0xa5])
        await served.end()
        // Of one that is needed it is not replaced: the key may come back.
        try FileManager.default.removeItem(atPath: keyFile)
        await #expect(throws: VolumeBackendError.self) { try await makeBase(of: bytes) }
        try await volumes.delete(made)
        try await volumes.dropBase(second)
        #expect(try await volumes.bases().isEmpty && directory.names(in: "keys/bases").isEmpty)
    }

    @Test("are read over a sealed base, which is nowhere in the clear, serves any key, and goes with its last volume")
    func base() async throws {
        let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
        let other = EncryptionKeyID("2f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
        let bytes = SnapshotBytes(second, key: key)
        for _ in 0..<2 { try await makeBase(of: bytes) }
        #expect(try await volumes.bases() == [second])
        let made = try #require(VolumeID("vol-0123456789abcdef1"))
        try await volumes.create(VolumeSpec(id: made, sizeGiB: 2, snapshot: bytes, key: other))
        let file = try await volumes.file(of: made)
        #expect(file.feed == nil && file.backingPaths.count == 1 && file.basePassphrase != file.passphrase)
        try await volumes.grow(made, toGiB: 3)
        let moment = try await volumes.makeMoment(first, of: made)
        let served = try await volumes.serveMoment(first, of: made, changedSince: nil)
        #expect(try await read(served.source, at: [1 << 20, 2 << 20, 600 << 20, 1 << 30]) == [0x5a, 0, 0xa5, 0])
        await served.end()
        try await volumes.removeMoment(first)
        #expect(!FileManager.default.fileExists(atPath: moment))
        try directory.expectNowhere([0x5a, 0xa5])
        try await volumes.dropBase(second)
        #expect(try await volumes.bases() == [second])
        try await volumes.delete(made)
        #expect(try await volumes.bases().isEmpty && directory.names(in: "keys/bases").isEmpty)
        #expect(try await volumes.feeds().isEmpty && directory.names(in: "feeds").isEmpty)
    }

    @Test("of one whose record of changes says nothing any more, since who had it died, grow all the same")
    func voidChanges() async throws {
        try await volumes.markChanges(of: volume, since: first)
        let path = try await volumes.file(of: volume).path
        let digits = try #require(try await volumes.file(of: volume).passphrase).digits
        let secret = try directory.write("secret", digits)
        let outcome = try await HostCommand.run([
            "qemu-io", "--object", "secret,id=key,file=\(secret)", "-c", "write -q 0 64k", "-c", "sigraise 9",
            "--image-opts", image(path),
        ])
        unlink(secret)
        #expect(outcome.exitStatus == 128 + SIGKILL)
        try await volumes.grow(volume, toGiB: 4)
        let served = try await volumes.serveMoment(second, of: volume, changedSince: first)
        #expect(served.source.changes == nil)
        await served.end()
    }

    @Test("of one whose key is gone are refused, with a reason")
    func lostKey() async throws {
        try FileManager.default.removeItem(atPath: "\(directory.path)/keys/volumes/\(volume)")
        let reason = VolumeBackendError.hostFailed("The key of \(volume) is gone.")
        await #expect(throws: reason) { try await volumes.markChanges(of: volume, since: first) }
        await #expect(throws: reason) { try await volumes.serveMoment(first, of: volume, changedSince: nil) }
        await #expect(throws: reason) { try await volumes.file(of: volume) }
    }

    @Test("leave no server that was given up before it listened")
    func givenUp() async throws {
        let file = try await volumes.file(of: volume)
        for milliseconds in stride(from: 1, through: 61, by: 5) {
            let server = MomentServer(
                volume: file.path, moments: [], passphrase: file.passphrase, basePassphrase: nil, feedFolder: nil,
                socket: "\(directory.path)/moments/.given-up.sock", export: "given-up", bitmap: nil)
            if let served = try? await server.start(within: .milliseconds(milliseconds)) { await served.end() }
            #expect(try self.server() == nil, "\(milliseconds) ms")
        }
        // Nobody has the file.
        try await io("write -P 0x5a 1M 1M")
    }

    // MARK: tools

    private func image(_ path: String) -> String {
        "driver=qcow2,encrypt.key-secret=key,file.driver=file,file.filename=\(path)"
    }

    private func tool(_ command: [String], _ operands: [String]) async throws -> String {
        let digits = try #require(try await volumes.file(of: volume).passphrase).digits
        let secret = try directory.write("secret", digits)
        defer { unlink(secret) }
        let outcome = try await HostCommand.run(command + ["--object", "secret,id=key,file=\(secret)"] + operands)
        #expect(outcome.isSuccess && !outcome.outputText.contains("failed"), "\(outcome)")
        return outcome.outputText
    }

    private func io(_ order: String, on path: String? = nil) async throws {
        let own = try await volumes.file(of: volume).path
        _ = try await tool(["qemu-io", "-c", order], ["--image-opts", image(path ?? own)])
    }

    /// The byte that each piece of the moment consists of.
    private func read(_ source: MomentSource, at offsets: [Int]) async throws -> [UInt8?] {
        try await HostThread.run {
            Result {
                let client = try NBDClient(try UnixSocket.connect(source.socketPath), export: source.export)
                defer { client.close() }
                return try offsets.map { offset in
                    var bytes = [UInt8](repeating: 1, count: 65_536)
                    try bytes.withUnsafeMutableBytes { try client.read(at: offset, into: $0) }
                    return Set(bytes).count == 1 ? bytes.first : nil
                }
            }
        }.get()
    }

    /// Which blocks of 512 KiB changed.
    private func extents(_ source: MomentSource, _ context: String) async throws -> [Int: Bool] {
        try await HostThread.run {
            Result {
                let client = try NBDClient(
                    try UnixSocket.connect(source.socketPath), export: source.export, contexts: [context])
                defer { client.close() }
                var (offset, found) = (0, [Int: Bool]())
                while offset < client.size {
                    for extent in try client.extents(of: context, at: offset, length: client.size - offset) {
                        if extent.flags & 1 != 0 {
                            for block in offset >> 19...(offset + extent.length - 1) >> 19 { found[block] = true }
                        }
                        offset += extent.length
                    }
                }
                return found
            }
        }.get()
    }

    private func server() throws -> String? {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").first { pid in
            guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
            let text = String(decoding: line, as: UTF8.self)
            return text.contains("qemu-nbd") && text.contains(directory.path)
        }
    }
}

extension TemporaryDirectory {
    /// That no file holds 64 of one of the bytes in a row.
    func expectNowhere(_ patterns: [UInt8], but excused: Set<String> = []) throws {
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) where !excused.contains(name) {
            guard let contents = FileManager.default.contents(atPath: file(name)) else { continue }
            for byte in patterns {
                #expect(contents.range(of: Data(repeating: byte, count: 64)) == nil, "\(name)")
            }
        }
    }
}
