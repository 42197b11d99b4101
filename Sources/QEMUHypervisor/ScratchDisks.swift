// The instance store of one launch: files without names, encrypted by a key that is nowhere but in memory. With the
// guest's process the last descriptor of both is gone, and with it every byte, whoever ended it and however. The format
// is qcow2, for what was never written reads as zeros, which an encrypted flat file's would not.

import Backends
import CHostSystem
import CloudTypes
import DiskFormats
import Glibc
import HostSystem
import JSON
import NodeContract
import QMP

/// Our side until QEMU has inherited it.
struct ScratchDisks: Sendable {
    let key: OwnedDescriptor
    let files: [OwnedDescriptor]

    /// Makes the disks; nil where the guest has none.
    ///
    /// - Parameter directory: a folder of the file system on which they should lie.
    init?(_ wanted: [GuestSpec.Scratch], in directory: String) async throws(HypervisorError) {
        guard !wanted.isEmpty else { return nil }
        let secret = ScratchDisks.newSecret()
        do throws(SystemError) {
            key = try OwnedDescriptor(
                apus_sealed_memory_file(ScratchDisks.keyFileName, secret, secret.count), "memfd_create")
            var files: [OwnedDescriptor] = []
            for _ in wanted {
                files.append(
                    try OwnedDescriptor(
                        Glibc.open(directory, ScratchDisks.nameless | O_RDWR | O_CLOEXEC, 0o600),
                        "open a nameless file in \(directory)"))
            }
            self.files = files
        } catch {
            throw .hostFailed(error.description)
        }
        do {
            for (file, disk) in zip(files, wanted) {
                let seal = try await HostThread.run { Result { try LUKSHeader(passphrase: secret).bytes } }.get()
                let size = UInt64(disk.bytes / 512 * 512)
                try EmptyQCOW2(virtualSize: size, backingFile: nil, closing: .told, seal: seal).write(to: file)
            }
        } catch {
            throw .hostFailed("instance store: \(error)")
        }
    }

    init(key: OwnedDescriptor, files: [OwnedDescriptor]) { (self.key, self.files) = (key, files) }

    /// Those of a guest's process; nil where they are not to be had.
    ///
    /// - Parameter numbers: the process's own, of its disks' files.
    init?(files numbers: [Int32], of process: ProcessIdentity) {
        let folder = "/proc/\(process.pid)/fd"
        let key = SmallFile.names(in: folder).first { name in
            SmallFile.target(of: "\(folder)/\(name)")?.hasPrefix("/memfd:\(ScratchDisks.keyFileName)") == true
        }
        let files = numbers.compactMap { ScratchDisks.open($0, of: process, O_RDWR) }
        guard let key = key.flatMap({ Int32($0) }).flatMap({ ScratchDisks.open($0, of: process, O_RDONLY) }),
            files.count == numbers.count
        else { return nil }
        self.init(key: key, files: files)
    }

    /// What another process has open, whether or not it has a name.
    static func open(_ number: Int32, of process: ProcessIdentity, _ flags: Int32) -> OwnedDescriptor? {
        let path = "/proc/\(process.pid)/fd/\(number)"
        let file = try? OwnedDescriptor(Glibc.open(path, flags | O_CLOEXEC), "open \(path)")
        // Looked at after it was opened, so that it is of that process.
        return process.isRunning ? file : nil
    }

    private static let keyFileName = "instance-store-key"

    /// `O_TMPFILE`, whose definition is too much for the importer.
    private static let nameless = O_DIRECTORY | 0o20_000_000

    /// 256 bits, as text: what QEMU takes as a passphrase.
    private static func newSecret() -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var generator = SystemRandomNumberGenerator()
        return (0..<64).map { _ in digits[Int.random(in: 0..<16, using: &generator)] }
    }
}

/// One disk of the instance store on QEMU's command line.
struct ScratchArguments {
    let disk: GuestSpec.Scratch
    let spec: GuestSpec
    /// The number of the set that holds its file.
    let descriptor: Int32
    let slot: Int

    static let keyName = "instance-store-key"

    /// QEMU reads it once, at its start.
    static func key(_ descriptor: Int32) -> [String] {
        ["-object", "secret,id=\(keyName),file=/proc/self/fd/\(descriptor)"]
    }

    /// Its file is known by it too.
    static func name(of disk: GuestSpec.Scratch) -> String { "ephemeral\(disk.index)" }

    var arguments: [String] {
        let name = ScratchArguments.name(of: disk)
        // Flushed is what outlives the machine, and nothing of this does.
        let cache: JSONValue = ["no-flush": true]
        let file: JSONValue = [
            "driver": "file", "node-name": .string(name + "-f"), "filename": .string("/dev/fdset/\(descriptor)"),
            "discard": "unmap", "cache": cache,
        ]
        let node: JSONValue = [
            "driver": "qcow2", "node-name": .string(name + "-d"), "file": .string(name + "-f"),
            "encrypt": ["format": "luks", "key-secret": .string(Self.keyName)], "discard": "unmap", "cache": cache,
        ]
        let kind = disk.isNVMe ? "nvme,serial=\(serial)" : "virtio-blk-pci,serial=\(name)"
        return [
            "-blockdev", file.description, "-blockdev", node.description, "-device",
            "\(kind),id=\(name),bus=slot\(slot),drive=\(name)-d",
        ]
    }

    /// `AWS` and 17 digits, as on EC2: 16 of the instance's and the disk's number.
    private var serial: String {
        let digits = spec.instance.description.dropFirst("i-".count)
        let own = digits.suffix(16)
        return "AWS" + String(repeating: "0", count: 16 - own.count) + own.uppercased()
            + String(disk.index % 16, radix: 16).uppercased()
    }
}
