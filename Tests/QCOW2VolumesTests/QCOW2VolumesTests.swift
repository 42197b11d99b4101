import Backends
import CloudTypes
import Foundation
import HostSystem
import KeyRing
import NBD
import NodeContract
import Testing

@testable import QCOW2Volumes

/// A mebibyte of one byte, and two of zeros.
private struct Pattern: NBDExport {
    let size = 3 << 20

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(NBDError) {
        for place in buffer.indices { buffer[place] = offset + place < 1 << 20 ? 0x5a : 0 }
    }

    func extents(at offset: Int, length: Int) -> [NBDExtent] { [NBDExtent(length: length, flags: 0)] }
}

private let hasTool = HostCommand.path(of: "qemu-img") != nil

@Suite("Volumes as qcow2 files", .enabled(if: hasTool, "qemu-img is not installed"))
struct QCOW2VolumesTests {
    private let directory: TemporaryDirectory
    private let volumes: QCOW2Volumes
    private let image: String
    private let volume: VolumeID
    private let snapshot: SnapshotID

    init() throws {
        directory = try TemporaryDirectory()
        volumes = try QCOW2Volumes(directory: directory.path, keys: KeyRing(directory: directory.path + "/keys"))
        image = try directory.write("image.raw", Array("image".utf8), length: 3 << 20)
        var generator = SystemRandomNumberGenerator()
        volume = VolumeID(from: &generator)
        snapshot = SnapshotID(from: &generator)
    }

    private var contract: VolumeBackendContract { VolumeBackendContract(backend: volumes, imagePath: image) }

    @Test("a volume lives until it is deleted") func life() async throws {
        try await contract.aVolumeLivesUntilItIsDeleted()
    }
    @Test("a base outlives its volumes") func base() async throws { try await contract.aBaseOutlivesItsVolumes() }
    @Test("a snapshot without a base is fed to its volume") func fed() async throws {
        try await contract.aSnapshotWithoutABaseIsFed()
    }

    @Test("a volume that is filled from its feed stands alone, sealed or not", arguments: [false, true])
    func filled(isSealed: Bool) async throws {
        let key = isSealed ? EncryptionKeyID("9a5bd8a2-5a6f-4f0e-9f44-0b6b1a1c8f00") : nil
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: SnapshotBytes(snapshot), key: key))
        let feed = try #require(try await volumes.file(of: volume).feed)
        let listener = try UnixSocket.listen("\(feed.folder)/\(SnapshotFeed.socketName)")
        let name = SnapshotFeed.export(of: feed.snapshot)
        async let serving: Void = HostThread.run {
            guard let client = UnixSocket.accept(listener) else { return }
            try? NBDServer { $0 == name ? Pattern() : nil }.serve(client)
        }
        try await volumes.fill(volume)
        try await serving
        let file = try await volumes.file(of: volume)
        #expect(file.feed == nil && file.backingPaths.isEmpty)
        #expect(try await volumes.feeds().isEmpty)
        guard !isSealed else { return }
        #expect(try await directory.run("qemu-img", "check", file.path).contains("No errors"))
        try await directory.run("qemu-io", "-f", "qcow2", "-c", "read -P 0x5a 0 1M", "-c", "read -P 0 1M 9M", file.path)
    }
    @Test("an absent image is refused") func absent() async throws { try await contract.anAbsentImageIsRefused() }

    @Test("QEMU finds a new volume sound, of the size asked and small on the disk", arguments: [1, 3, 65536])
    func sound(sizeGiB: Int) async throws {
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: sizeGiB, snapshot: nil))
        let path = try await volumes.file(of: volume).path
        let info = try await directory.run("qemu-img", "info", "--output=json", "-f", "qcow2", path)
        #expect(info.contains("\"virtual-size\": \(sizeGiB << 30),"))
        #expect(try await directory.run("qemu-img", "check", path).contains("No errors"))
        #expect(try directory.allocated(path) <= 1 << 20)
    }

    @Test("a clone reads as its base, then as what was written, and the base stays as it was")
    func clone() async throws {
        _ = try await volumes.importBase(snapshot, from: DiskImageFile(path: image, format: .raw))
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: SnapshotBytes(snapshot)))
        let file = try await volumes.file(of: volume)
        #expect(try directory.allocated(file.path) <= 1 << 20)
        let read = try await directory.run("qemu-io", "-f", "qcow2", "-c", "read -v 0 512", file.path)
        #expect(read.contains("69 6d 61 67 65"))
        try await directory.run("qemu-io", "-f", "qcow2", "-c", "write -P 7 0 4k", file.path)
        try await directory.run("qemu-io", "-f", "qcow2", "-c", "read -P 7 0 4k", file.path)
        let base = try #require(file.backingPaths.first)
        #expect(try Data(contentsOf: URL(fileURLWithPath: base)).starts(with: Array("image".utf8)))
        #expect(try await directory.run("qemu-img", "check", file.path).contains("No errors"))
    }

    @Test("a base that was dropped goes with its last volume, unless it was made again meanwhile")
    func dropped() async throws {
        try await volumes.makeBase(snapshot, bytes: 1 << 30) { _ in }
        for isMadeAgain in [true, false] {
            try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: SnapshotBytes(snapshot)))
            try await volumes.dropBase(snapshot)
            if isMadeAgain { try await volumes.makeBase(snapshot, bytes: 1 << 30) { _ in } }
            #expect(try await volumes.bases() == [snapshot])
            try await volumes.delete(volume)
            #expect(try await volumes.bases() == (isMadeAgain ? [snapshot] : []))
        }
    }

    @Test(
        "a volume whose file is damaged keeps no other from its feed, nor from being deleted, and its base for itself")
    func damagedBesideOthers() async throws {
        let (fed, broken) = (try #require(VolumeID("vol-0000000a")), try #require(VolumeID("vol-0000000b")))
        for id in [fed, broken] {
            try await volumes.create(VolumeSpec(id: id, sizeGiB: 1, snapshot: SnapshotBytes(snapshot)))
        }
        try await volumes.makeBase(snapshot, bytes: 1 << 30) { _ in }
        try Data("no header".utf8).write(to: URL(fileURLWithPath: directory.file("volumes/\(broken).qcow2")))
        #expect(try await Set(volumes.feeds().keys) == [fed])
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: SnapshotBytes(snapshot)))
        #expect(try await volumes.baseUses().map(\.volumes) == [[volume]])
        try await volumes.dropBase(snapshot)
        try await volumes.delete(volume)
        #expect(try await volumes.bases() == [snapshot])
        #expect(try await volumes.volumes() == [fed, broken])
        try await volumes.delete(broken)
        #expect(try await volumes.bases().isEmpty)
    }

    @Test("a volume smaller than its snapshot is refused, and nothing is left")
    func tooSmall() async throws {
        let large = try directory.write("large.raw", [1], length: 1 << 30 + 512)
        #expect(try await volumes.importBase(snapshot, from: DiskImageFile(path: large, format: .raw)) == 1 << 30 + 512)
        await #expect(throws: VolumeBackendError.self) {
            try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: SnapshotBytes(snapshot)))
        }
        #expect(try directory.names(in: "volumes").isEmpty)
    }

    @Test("a volume grows and never shrinks")
    func growth() async throws {
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: 2, snapshot: nil))
        try await volumes.grow(volume, toGiB: 5)
        try await volumes.grow(volume, toGiB: 1)
        let path = try await volumes.file(of: volume).path
        #expect(try await directory.run("qemu-img", "info", "--output=json", path).contains("\(5 << 30),"))
        await #expect(throws: VolumeBackendError.self) {
            try await volumes.grow(try #require(VolumeID("vol-00000000")), toGiB: 5)
        }
    }

    @Test("what is written into an encrypted volume or clone is nowhere in the clear, and reads as written")
    func encrypted() async throws {
        let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
        _ = try await volumes.importBase(snapshot, from: DiskImageFile(path: image, format: .raw))
        for origin in [nil, SnapshotBytes(snapshot)] {
            var generator = SystemRandomNumberGenerator()
            let volume = VolumeID(from: &generator)
            try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: origin, key: key))
            try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: origin, key: key))
            try await volumes.grow(volume, toGiB: 2)
            let file = try await volumes.file(of: volume)
            let digits = try #require(file.passphrase).digits
            #expect(try directory.allocated(file.path) <= 1 << 20)
            let secret = try directory.write("passphrase", digits)
            let arguments = [
                "qemu-io", "--object", "secret,id=key,file=\(secret)", "-c", "write -P 0x5a 1M 4M", "-c",
                "read -P 0x5a 1M 4M", "--image-opts",
                "driver=qcow2,file.driver=file,file.filename=\(file.path),encrypt.key-secret=key",
            ]
            let outcome = try await HostCommand.run(arguments)
            #expect(outcome.isSuccess && !outcome.outputText.contains("failed"), "\(outcome.outputText)")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path))
            #expect(bytes.count > 4 << 20)
            #expect(bytes.range(of: Data(repeating: 0x5a, count: 512)) == nil)
            #expect(bytes.range(of: Data(digits)) == nil)
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            try await volumes.delete(volume)
            #expect(try directory.names(in: "keys/volumes").isEmpty)
        }
        try await volumes.deleteBase(snapshot)
    }

    @Test("a volume that is there is taken for no other key's, and for none in the clear")
    func otherKey() async throws {
        let keys = [
            EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f"),
            EncryptionKeyID("2f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f"), nil,
        ]
        for key in keys {
            var generator = SystemRandomNumberGenerator()
            let volume = VolumeID(from: &generator)
            try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil, key: key))
            for named in keys where named != key {
                let reason = "\(volume) is not sealed with the key that was named for it"
                await #expect(throws: VolumeBackendError.hostFailed(reason)) {
                    try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil, key: named))
                }
            }
            #expect(try await volumes.file(of: volume).key == key)
        }
    }

    @Test("an encrypted volume opens by its own passphrase alone")
    func ownPassphrase() async throws {
        let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
        var generator = SystemRandomNumberGenerator()
        let other = VolumeID(from: &generator)
        for volume in [volume, other] {
            try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil, key: key))
        }
        let path = try await volumes.file(of: volume).path
        for (holder, opens) in [(volume, true), (other, false)] {
            let digits = try #require(try await volumes.file(of: holder).passphrase).digits
            let outcome = try await HostCommand.run([
                "qemu-img", "check", "--object",
                "secret,id=key,file=\(try directory.write("passphrase", digits))", "--image-opts",
                "driver=qcow2,encrypt.key-secret=key,file.filename=\(path)",
            ])
            #expect(outcome.isSuccess == opens, "\(outcome.errorText)")
            if !opens { #expect(outcome.errorText.contains("Invalid password")) }
        }
    }

    @Test("what a crash left of a draft is gone after the next start, what was whole is kept")
    func drafts() async throws {
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil))
        try directory.write("volumes/.\(volume).qcow2.abc", [1, 2])
        try directory.write("bases/.\(snapshot).raw.abc", [1, 2])
        let reopened = try QCOW2Volumes(directory: directory.path, keys: KeyRing(directory: directory.path + "/keys"))
        #expect(try await reopened.volumes() == [volume])
        #expect(try directory.names(in: "volumes") == ["\(volume).qcow2"])
        #expect(try directory.names(in: "bases").isEmpty)
    }

    @Test("a volume whose header is damaged keeps every base from being deleted")
    func damaged() async throws {
        _ = try await volumes.importBase(snapshot, from: DiskImageFile(path: image, format: .raw))
        try directory.write("volumes/\(volume).qcow2", [0, 1, 2])
        await #expect(throws: VolumeBackendError.self) { try await volumes.deleteBase(snapshot) }
        #expect(try await volumes.bases() == [snapshot])
    }

    @Test("the same volume asked for many times at once is made once")
    func concurrent() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask { [volumes, volume] in
                    try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil))
                }
            }
            try await group.waitForAll()
        }
        #expect(try directory.names(in: "volumes") == ["\(volume).qcow2"])
    }
}
