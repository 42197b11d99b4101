import Backends
import CloudTypes
import Foundation
import HostSystem
import KeyRing
import DiskFormats
import Testing

@testable import QCOW2Volumes

private let hasTool = HostCommand.path(of: "qemu-img") != nil

@Suite("Taking disk images in", .enabled(if: hasTool, "qemu-img is not installed"))
struct ImageImportTests {
    private let directory: TemporaryDirectory
    private let volumes: QCOW2Volumes
    private let raw: String
    private let snapshot: SnapshotID

    init() throws {
        directory = try TemporaryDirectory()
        volumes = try QCOW2Volumes(directory: directory.path, keys: KeyRing(directory: directory.path + "/keys"))
        raw = try directory.write("image.raw", Array("image".utf8), length: 8 << 20)
        var generator = SystemRandomNumberGenerator()
        snapshot = SnapshotID(from: &generator)
    }

    private func importing(_ path: String, as format: DiskImageFile.Format? = nil) async throws -> Int {
        try await volumes.importBase(snapshot, from: DiskImageFile(path: path, format: format))
    }

    @Test(
        "every format is told by its header and read",
        arguments: [
            ["qcow2"], ["qcow2", "-o", "compat=0.10"], ["vmdk"], ["vmdk", "-o", "subformat=streamOptimized"], ["vpc"],
            ["vpc", "-o", "subformat=fixed"], ["vhdx"],
        ])
    func formats(options: [String]) async throws {
        let path = directory.file("image.\(options[0])2")
        let outcome = try await HostCommand.run(["qemu-img", "convert", "-O"] + options + [raw, path])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
        let size = try await importing(path)
        #expect(size >= 8 << 20 && size < 9 << 20)
        let base = try Data(contentsOf: URL(fileURLWithPath: directory.file("bases/\(snapshot).raw")))
        #expect(base.starts(with: Array("image".utf8)) && base.count == size)
        #expect(try directory.allocated(directory.file("bases/\(snapshot).raw")) < 1 << 20)
    }

    @Test("a raw image is told by its boot sector; any other is raw only where that is said")
    func raws() async throws {
        let error = await #expect(throws: VolumeBackendError.self) { _ = try await importing(raw) }
        guard case .unreadableImage(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("raw"))
        #expect(try directory.names(in: "bases").isEmpty)
        var sector = [UInt8](repeating: 0, count: 512)
        sector.replaceSubrange(510..., with: [0x55, 0xAA])
        #expect(try await importing(try directory.write("boots.raw", sector, length: 1 << 20)) == 1 << 20)
        try await volumes.deleteBase(snapshot)
        #expect(try await importing(raw, as: .raw) == 8 << 20)
    }

    @Test("an image that needs another file is refused, and nothing is left")
    func parents() async throws {
        let overlay = directory.file("overlay.qcow2")
        try await directory.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", raw, "-F", "raw", overlay)
        let external = directory.file("external.qcow2")
        try await directory.run(
            "qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=\(directory.file("data"))", external, "1M")
        let flat = directory.file("flat.vmdk")
        try await directory.run("qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", flat, "1M")
        let parent = directory.file("parent.vmdk")
        let child = directory.file("child.vmdk")
        try await directory.run("qemu-img", "create", "-q", "-f", "vmdk", parent, "1M")
        try await directory.run("qemu-img", "create", "-q", "-f", "vmdk", "-b", parent, "-F", "vmdk", child)
        for path in [overlay, external, flat, child] {
            let error = await #expect(throws: VolumeBackendError.self) { _ = try await importing(path) }
            guard case .unreadableImage = error else {
                Issue.record("\(path): \(String(describing: error))")
                continue
            }
        }
        #expect(try directory.names(in: "bases").isEmpty)
    }

    @Test("a VMDK that is a list of files is refused by its header alone")
    func embeddedList() throws {
        var start = [UInt8](repeating: 0, count: 1024)
        start.replaceSubrange(0..<4, with: Array("KDMV".utf8))
        let error = #expect(throws: VolumeBackendError.self) { try ImageSignature(start: start, end: []).format() }
        #expect(error == .unreadableImage("it needs other files"))
    }

    @Test("a differencing VHD is refused by its footer")
    func differencing() {
        var footer = [UInt8](repeating: 0, count: 512)
        footer.replaceSubrange(0..<8, with: Array("conectix".utf8))
        footer[63] = 4
        #expect(throws: VolumeBackendError.self) { try ImageSignature(start: [0], end: footer).format() }
    }

    @Test("what is not what it is said to be is refused")
    func wrongFormat() async throws {
        for format in [DiskImageFile.Format.qcow2, .vmdk, .vhd, .vhdx] {
            await #expect(throws: VolumeBackendError.unreadableImage("it is raw, not \(format.rawValue)")) {
                _ = try await importing(raw, as: format)
            }
        }
    }

    @Test("bytes that are said to be raw are raw, whatever they look like")
    func explicitRaw() async throws {
        let path = directory.file("q.qcow2")
        try await directory.run("qemu-img", "create", "-q", "-f", "qcow2", path, "1G")
        #expect(try await importing(path, as: .raw) < 1 << 20)
    }

    @Test("encrypted, empty, damaged and odd files are refused")
    func unreadable() async throws {
        let empty = try directory.write("empty", [])
        let damaged = try directory.write("damaged", QCOW2Header.magic + [0, 0, 0, 9], length: 4096)
        for path in [empty, damaged, directory.path, "relative.raw", "/dev/zero"] {
            await #expect(throws: VolumeBackendError.self) { _ = try await importing(path) }
        }
        #expect(try directory.names(in: "bases").isEmpty)
    }

    @Test("any header is read or refused, never a trap", arguments: 0..<10)
    func garbage(round: Int) {
        for _ in 0..<200 {
            var bytes = (0..<Int.random(in: 0...600)).map { _ in UInt8.random(in: 0...255) }
            let magic = [QCOW2Header.magic, Array("KDMV".utf8), Array("conectix".utf8), []].randomElement() ?? []
            bytes.replaceSubrange(0..<min(magic.count, bytes.count), with: magic.prefix(bytes.count))
            _ = QCOW2Header(bytes)
            _ = try? ImageSignature(start: bytes, end: Array(bytes.suffix(512))).format()
        }
    }
}
